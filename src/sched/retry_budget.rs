//! The retry budget of a run: so that a service that is down is not called
//! ever more often.
//!
//! In any window of 60 s there may be as many retries as 20 % of the calls
//! started in it, and 3 more (after Finagle's retry budgets).

use std::collections::VecDeque;
use std::time::Duration;

use super::moment::Moment;

/// Seconds of the window.
const WINDOW: u64 = 60;
/// Retries that are always allowed within a window.
const FLOOR: u64 = 3;
/// Calls that allow one retry more.
const CALLS_PER_RETRY: u64 = 5;
const SECOND: u64 = 1_000_000_000;

/// What happened within one second of the run.
#[derive(Debug, Clone, Copy, Default)]
struct SecondCount {
    second: u64,
    starts: u64,
    retries: u64,
}

/// The retries and first starts of the last 60 s.
#[derive(Debug, Default)]
pub(super) struct RetryBudget {
    /// At most one count a second of the window.
    counts: VecDeque<SecondCount>,
    starts: u64,
    retries: u64,
}

impl RetryBudget {
    /// Counts the first start of a call.
    pub(super) fn count_start(&mut self, now: Moment) {
        self.at(now).starts += 1;
        self.starts += 1;
    }

    /// Takes one retry out of the budget, or says when to ask again.
    pub(super) fn take(&mut self, now: Moment) -> Result<(), Moment> {
        self.forget(now);
        if self.retries >= FLOOR + self.starts / CALLS_PER_RETRY {
            let oldest = self
                .counts
                .front()
                .map_or(now.get() / SECOND, |count| count.second);
            return Err(Moment::from(Duration::from_secs(oldest + WINDOW)));
        }
        self.at(now).retries += 1;
        self.retries += 1;
        Ok(())
    }

    fn at(&mut self, now: Moment) -> &mut SecondCount {
        self.forget(now);
        let second = now.get() / SECOND;
        if self
            .counts
            .back()
            .is_none_or(|count| count.second != second)
        {
            self.counts.push_back(SecondCount {
                second,
                ..SecondCount::default()
            });
        }
        let last = self.counts.len() - 1;
        &mut self.counts[last]
    }

    fn forget(&mut self, now: Moment) {
        let second = now.get() / SECOND;
        while let Some(oldest) = self.counts.front().copied()
            && oldest.second + WINDOW <= second
        {
            self.starts -= oldest.starts;
            self.retries -= oldest.retries;
            self.counts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from(Duration::from_secs(seconds))
    }

    #[test]
    fn a_fifth_of_the_calls_and_three_more_within_a_minute() {
        let mut budget = RetryBudget::default();
        for _ in 0..10 {
            budget.count_start(at(7));
        }
        let taken = (0..20).filter(|_| budget.take(at(8)).is_ok()).count();
        assert_eq!(taken, 5);
        assert_eq!(budget.take(at(8)), Err(at(67)));
        // The starts are forgotten before the retries they allowed.
        assert_eq!(budget.take(at(67)), Err(at(68)));
        assert_eq!(budget.take(at(68)), Ok(()));
    }
}
