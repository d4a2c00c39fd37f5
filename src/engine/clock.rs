//! The run's clock: time since its start.

use std::time::Duration;

use tokio::time::Instant;

/// Counts from the run's start.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// Time since the start.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The moment at which the run's clock shows `time`; none in a far future.
    pub(super) fn instant_of(&self, time: Duration) -> Option<Instant> {
        self.started.checked_add(time)
    }
}
