//! What is kept of a run's cap: how it changed, and how busy the run was.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{AutoCap, Cap, CapChange, CapStep, History, Pulse};

/// Changes of the cap kept.
const CHANGES_KEPT: usize = 256;
/// Pulses kept: ten minutes at the default period.
const PULSES_KEPT: usize = 1200;

/// The changes of the cap, and the pulse of the run.
#[derive(Debug)]
pub(super) struct CapLog {
    pub(super) changes: Arc<History<CapChange>>,
    pub(super) pulses: Arc<History<Pulse>>,
    /// The highest cap in force; under the automatic cap the most lanes busy.
    pub(super) highest: Cap,
    /// What the automatic cap went by at its last step or reading.
    pub(super) auto: Option<AutoCap>,
}

impl CapLog {
    /// The log of a run that begins with this cap.
    pub(super) fn new(highest: Cap) -> Self {
        Self {
            changes: Arc::new(History::new(CHANGES_KEPT)),
            pulses: Arc::new(History::new(PULSES_KEPT)),
            highest,
            auto: None,
        }
    }

    /// Keeps a change.
    pub(super) fn changed(&mut self, at: Duration, step: CapStep) {
        self.auto = step.auto;
        Arc::make_mut(&mut self.changes).push(Some(CapChange { at, step }));
    }

    /// Keeps a pulse.
    pub(super) fn beat(&mut self, pulse: Pulse) {
        Arc::make_mut(&mut self.pulses).push(Some(pulse));
    }
}
