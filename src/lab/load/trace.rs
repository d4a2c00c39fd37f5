//! The course of a load, as pictures need it: no more than a few hundred counts,
//! however many calls there are.

use std::collections::VecDeque;
use std::time::Duration;

use super::{LoadLevel, MeasuredCall};

/// Bins of a decade of times, and decades, from 0.1 ms on.
const PER_DECADE: usize = 10;
const DECADES: usize = 6;
/// Number of bins.
pub const BINS: usize = PER_DECADE * DECADES;

/// Seconds that count as recent.
const RECENT: usize = 10;
/// Seconds that are kept.
const KEPT: usize = 600;

/// The course of a load.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadTrace {
    /// Calls of the step under way, or of the last one, by the bin of their
    /// latency.
    pub step: [u64; BINS],
    /// The last seconds, the oldest first; at most 600.
    pub seconds: VecDeque<LoadSecond>,
    /// Number of the last of them since the load began.
    last: u64,
    /// The recent ones by the bin of their latency, the oldest first.
    latest: VecDeque<[u64; BINS]>,
}

/// One second of a load.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LoadSecond {
    /// Calls that ended.
    pub calls: u32,
    /// Those that did not succeed.
    pub errors: u32,
    /// The level that was changed to.
    pub changed_to: Option<LoadLevel>,
}

impl Default for LoadTrace {
    fn default() -> Self {
        Self {
            step: [0; BINS],
            seconds: VecDeque::from([LoadSecond::default()]),
            last: 0,
            latest: VecDeque::from([[0; BINS]]),
        }
    }
}

impl LoadTrace {
    /// Notes that a step begins.
    pub(super) fn step_began(&mut self, at: Duration, level: LoadLevel) {
        self.go_on(at);
        self.step = [0; BINS];
        if let Some(second) = self.seconds.back_mut() {
            second.changed_to = Some(level);
        }
    }

    /// Notes the end of a call.
    pub(super) fn call_ended(&mut self, at: Duration, call: &MeasuredCall) {
        self.go_on(at);
        let bin = bin(call.latency);
        self.step[bin] += 1;
        if let Some(latest) = self.latest.back_mut() {
            latest[bin] += 1;
        }
        if let Some(second) = self.seconds.back_mut() {
            second.calls += 1;
            second.errors += u32::from(call.error.is_some());
        }
    }

    /// Begins the seconds up to a time.
    pub(super) fn go_on(&mut self, at: Duration) {
        let now = at.as_secs();
        let new = now.saturating_sub(self.last).min(KEPT as u64);
        for _ in 0..new {
            self.seconds.push_back(LoadSecond::default());
            self.latest.push_back([0; BINS]);
        }
        self.last = self.last.max(now);
        self.seconds
            .drain(..self.seconds.len().saturating_sub(KEPT));
        self.latest
            .drain(..self.latest.len().saturating_sub(RECENT));
    }

    /// Returns the calls of the last ten seconds by the bin of their latency.
    pub fn recent(&self) -> [u64; BINS] {
        let mut sum = [0; BINS];
        for (bin, of) in self.latest.iter().flat_map(|it| it.iter().enumerate()) {
            sum[bin] += of;
        }
        sum
    }
}

/// The bin of a time.
fn bin(time: Duration) -> usize {
    let tenths = time.as_secs_f64() * 1e4;
    let place = tenths.max(1.0).log10() * PER_DECADE as f64;
    (place as usize).min(BINS - 1)
}

/// Returns the shortest time of a bin.
pub fn shortest_of(bin: usize) -> Duration {
    Duration::from_secs_f64(10_f64.powf(bin as f64 / PER_DECADE as f64) / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cap, Outcome};

    fn call(latency: u64, error: Option<&'static str>) -> MeasuredCall {
        MeasuredCall {
            number: 1,
            due: Duration::ZERO,
            latency: Duration::from_micros(latency),
            service: Duration::ZERO,
            outcome: Outcome::Succeeded,
            error,
        }
    }

    #[test]
    fn times_have_bins_and_seconds_are_bounded() {
        assert_eq!(
            [1, 100, 1_000, 10_000].map(|it| bin(Duration::from_micros(it))),
            [0, 0, 10, 20]
        );
        assert_eq!(bin(Duration::MAX), BINS - 1);
        assert_eq!(shortest_of(20), Duration::from_millis(10));
        let mut trace = LoadTrace::default();
        let cap = LoadLevel::Cap(Cap::ONE);
        trace.step_began(Duration::ZERO, cap);
        trace.call_ended(Duration::from_millis(500), &call(10_000, None));
        trace.call_ended(Duration::from_millis(2500), &call(10_000, Some("failed")));
        let seen: Vec<(u32, u32)> = trace
            .seconds
            .iter()
            .map(|it| (it.calls, it.errors))
            .collect();
        assert_eq!(seen, [(1, 0), (0, 0), (1, 1)]);
        assert_eq!(trace.seconds[0].changed_to, Some(cap));
        assert_eq!((trace.step[20], trace.recent()[20]), (2, 2));
        trace.go_on(Duration::from_secs(11));
        assert_eq!(
            (trace.step[20], trace.recent()[20]),
            (2, 1),
            "the first has gone"
        );
        trace.step_began(Duration::from_secs(5000), cap);
        assert_eq!((trace.step[20], trace.seconds.len()), (0, KEPT));
    }
}
