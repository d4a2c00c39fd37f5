//! Lanes in use over time, summed up as a run goes.

use std::time::Duration;

/// The integral of the number of busy lanes over the run's clock.
#[derive(Debug, Default)]
pub(super) struct BusyLaneTime {
    sum: Duration,
    busy: u32,
    since: Duration,
}

impl BusyLaneTime {
    /// From `now` on this many lanes are busy.
    pub(super) fn note(&mut self, now: Duration, busy: usize) {
        self.sum = self.at(now);
        self.busy = u32::try_from(busy).unwrap_or(u32::MAX);
        self.since = now;
    }

    /// The sum up to `now`.
    pub(super) fn at(&self, now: Duration) -> Duration {
        self.sum + now.saturating_sub(self.since) * self.busy
    }
}
