//! The run's clock: time since its start, without the time it was suspended.

use std::time::Duration;

use tokio::time::Instant;

/// Counts from the run's start; stands still while suspended.
#[derive(Debug, Clone)]
pub(super) struct RunClock {
    started: Instant,
    suspended_for: Duration,
    suspended_at: Option<Instant>,
}

impl RunClock {
    /// A clock that starts now.
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
            suspended_for: Duration::ZERO,
            suspended_at: None,
        }
    }

    /// The moment at which it started.
    pub(super) fn started(&self) -> std::time::Instant {
        self.started.into_std()
    }

    /// Time since the start, without suspended time.
    pub(super) fn now(&self) -> Duration {
        let end = self.suspended_at.unwrap_or_else(Instant::now);
        end.saturating_duration_since(self.started)
            .saturating_sub(self.suspended_for)
    }

    /// The moment at which the clock shows `time`; none while it stands still.
    pub(super) fn instant_of(&self, time: Duration) -> Option<Instant> {
        if self.is_suspended() {
            return None;
        }
        self.started.checked_add(time + self.suspended_for)
    }

    /// Whether it stands still.
    pub(super) fn is_suspended(&self) -> bool {
        self.suspended_at.is_some()
    }

    /// How long it stood still so far.
    pub(super) fn suspended_for(&self) -> Duration {
        let now = self.suspended_at.map(|at| at.elapsed());
        self.suspended_for + now.unwrap_or_default()
    }

    /// Stops the clock.
    pub(super) fn suspend(&mut self) {
        self.suspended_at.get_or_insert_with(Instant::now);
    }

    /// Lets the clock go on.
    pub(super) fn resume(&mut self) {
        if let Some(at) = self.suspended_at.take() {
            self.suspended_for += at.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn suspended_time_does_not_count() {
        let mut clock = RunClock::start();
        tokio::time::advance(Duration::from_secs(2)).await;
        clock.suspend();
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(clock.now(), Duration::from_secs(2));
        assert_eq!(clock.instant_of(Duration::from_secs(3)), None);
        clock.resume();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), Duration::from_secs(3));
        assert_eq!(clock.suspended_for(), Duration::from_secs(10));
        let now = Some(Instant::now());
        assert_eq!(clock.instant_of(Duration::from_secs(3)), now);
    }
}
