//! Forecast shown while the cap is changed: how long the rest would take
//! at the caps around it, as estimated.

use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::lab;
use crate::model::{Cap, Snapshot};

/// How long it is shown after the last turn.
const SHOWN_FOR: Duration = Duration::from_secs(4);
/// How often it is computed anew while it is shown.
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
