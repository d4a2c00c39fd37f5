//! Times of the run as single numbers: small, ordered and exact.

use std::time::Duration;

/// Nanoseconds since the run's start; 2^64 of them are 584 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Moment {
    /// The run's start.
    pub(super) const START: Self = Self(0);
    /// A time that does not come.
    pub(super) const NEVER: Self = Self(u64::MAX);

    /// This much later.
    pub(super) fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(time)))
    }

    /// Nanoseconds since the run's start.
    pub(super) fn get(self) -> u64 {
        self.0
    }

    /// Time since an earlier moment.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Whether it comes at all.
    pub(super) fn is_set(self) -> bool {
        self != Self::NEVER
    }
}

impl From<Duration> for Moment {
    fn from(time: Duration) -> Self {
        Self(nanoseconds(time))
    }
}

impl From<Moment> for Duration {
    fn from(moment: Moment) -> Self {
        Self::from_nanos(moment.0)
    }
}

/// Nanoseconds, at most as many as a [`Moment`] holds.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
