//! How fast calls end.

use std::time::Duration;

/// How fast calls ended in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Number of calls that ended.
    pub ended: u32,
    /// Length of the stretch.
    pub time: Duration,
    /// Median run time of those calls; `None` where none ended.
    pub median: Option<Duration>,
}

impl Pace {
    /// Returns the calls that ended a second; 0 of no time at all.
    pub fn per_second(self) -> f64 {
        let seconds = self.time.as_secs_f64();
        if seconds > 0.0 {
            f64::from(self.ended) / seconds
        } else {
            0.0
        }
    }
}
