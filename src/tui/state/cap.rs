//! The cap: what was asked for, and while it is being changed, the estimated time
//! that the rest takes at the caps around it.

use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::lab;
use crate::model::{Cap, Snapshot};

/// How long it is shown after the last turn.
const SHOWN_FOR: Duration = Duration::from_secs(4);
/// Time after which it is computed again while it is shown.
const RENEWED_AFTER: Duration = Duration::from_millis(500);

/// The time left at three caps.
#[derive(Debug, Clone, PartialEq)]
pub struct CapForecast {
    /// The cap that was turned to.
    pub cap: Cap,
    /// Each cap with the estimated time to the last end.
    pub left: Vec<(Cap, Duration)>,
    /// Until when it is shown.
    pub until: Duration,
    computed_at: Duration,
}

impl CapForecast {
    /// Looks ahead from a snapshot; `None` where nothing is left to run or
    /// there is too much to look through.
    pub fn new(run: &Snapshot, catalogue: &Catalogue, cap: Cap, now: Duration) -> Option<Self> {
        let mut caps = vec![cap.lowered(), cap, cap.raised()];
        caps.dedup();
        Some(Self {
            cap,
            left: lab::forecast(run, catalogue.tools(), caps)?,
            until: now + SHOWN_FOR,
            computed_at: now,
        })
    }

    /// The same turn seen from a later snapshot; `None` once it is over.
    pub fn renewed(self, run: &Snapshot, catalogue: &Catalogue, now: Duration) -> Option<Self> {
        if now >= self.until {
            return None;
        }
        if now < self.computed_at + RENEWED_AFTER {
            return Some(self);
        }
        let renewed = Self::new(run, catalogue, self.cap, now)?;
        Some(Self {
            until: self.until,
            ..renewed
        })
    }
}

/// The cap as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct CapView {
    /// The cap that was asked for and is not in force yet.
    pub(super) wanted: Option<Cap>,
    pub(super) forecast: Option<CapForecast>,
}

impl CapView {
    /// The cap that was asked for and is not in force yet.
    pub fn wanted(&self) -> Option<Cap> {
        self.wanted
    }

    /// The forecast that is shown at `now`, while the cap is being changed.
    pub fn forecast(&self, now: Duration) -> Option<&CapForecast> {
        self.forecast.as_ref().filter(|it| now < it.until)
    }

    /// Follows a new snapshot.
    pub(super) fn set_snapshot(&mut self, run: &Snapshot, catalogue: &Catalogue, now: Duration) {
        if run.auto.is_none() && self.wanted == Some(run.policy.cap) {
            self.wanted = None;
        }
        let forecast = self.forecast.take();
        self.forecast = forecast.and_then(|it| it.renewed(run, catalogue, now));
    }
}
