//! The history of a run's cap: its changes, and how busy the run was.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{AutoCap, Cap, CapChange, CapControl, CapStep, History, LoadSample, Policy};

/// Changes of the cap kept.
const CHANGES_KEPT: usize = 256;
/// Pulses kept: ten minutes at the default period.
const PULSES_KEPT: usize = 1200;

/// The changes of the cap, and the pulse of the run.
#[derive(Debug)]
pub(super) struct CapLog {
    pub(super) changes: Arc<History<CapChange>>,
    pub(super) load_samples: Arc<History<LoadSample>>,
    /// The highest cap in force; under the automatic cap the most lanes busy.
    pub(super) highest: Cap,
    /// State of the automatic cap at its last step or reading.
    pub(super) auto: Option<AutoCap>,
}

impl CapLog {
    /// The log of a run that begins with this policy.
    pub(super) fn new(policy: Policy) -> Self {
        let highest = match policy.control {
            CapControl::Pinned => policy.cap,
            CapControl::Auto => Cap::ONE,
        };
        Self {
            changes: Arc::new(History::new(CHANGES_KEPT)),
            load_samples: Arc::new(History::new(PULSES_KEPT)),
            highest,
            auto: None,
        }
    }

    /// Keeps a change.
    pub(super) fn changed(&mut self, at: Duration, step: CapStep) {
        self.auto = step.auto;
        Arc::make_mut(&mut self.changes).push(Some(CapChange { at, step }));
    }

    /// So many lanes are busy.
    pub(super) fn note_busy(&mut self, busy: usize, control: CapControl) {
        let busy = u32::try_from(busy).unwrap_or(u32::MAX);
        if control == CapControl::Auto && busy > self.highest.get() {
            self.highest = Cap::new(busy).unwrap_or(self.highest);
        }
    }

    /// Keeps a pulse. Of a run with nothing to do the first is enough.
    pub(super) fn record_load(&mut self, pulse: LoadSample) {
        let is_idle = |it: &LoadSample| it.running + it.queued == 0;
        if is_idle(&pulse) && self.load_samples.latest().is_none_or(is_idle) {
            return;
        }
        Arc::make_mut(&mut self.load_samples).push(Some(pulse));
    }
}
