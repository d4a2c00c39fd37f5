//! Whether calls are admitted: pauses, failures under the `stop` policy, the
//! end of the run.

use super::input::Force;
use crate::model::{CallId, RunPhase};

/// Whether the end of the run was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Closing {
    /// It was not.
    #[default]
    Open,
    /// Running calls finish, nothing more starts.
    Draining,
    /// Everything was told to stop.
    ShuttingDown,
}

/// State of the run as a whole.
#[derive(Debug, Default)]
pub(super) struct RunControl {
    is_paused: bool,
    /// The call whose failure closed admission under the `stop` policy.
    halted_by: Option<CallId>,
    closing: Closing,
}

impl RunControl {
    /// Returns whether calls are admitted, or what keeps them from it.
    pub(super) fn phase(&self) -> RunPhase {
        match (self.closing, self.halted_by, self.is_paused) {
            (Closing::Draining | Closing::ShuttingDown, ..) => RunPhase::ShuttingDown,
            (_, Some(_), _) => RunPhase::Stopped,
            (_, _, true) => RunPhase::Paused,
            _ => RunPhase::Open,
        }
    }

    /// Returns whether the run is drained or shut down.
    pub(super) fn is_closing(&self) -> bool {
        self.closing != Closing::Open
    }

    /// Returns the call whose failure closed admission.
    pub(super) fn halted_by(&self) -> Option<CallId> {
        self.halted_by
    }

    /// Closes admission until [`Self::resume`].
    pub(super) fn pause(&mut self) {
        self.is_paused = true;
    }

    /// Opens admission again, also after a failure.
    pub(super) fn resume(&mut self) {
        self.is_paused = false;
        self.halted_by = None;
    }

    /// Closes admission because a call failed.
    pub(super) fn halt(&mut self, culprit: CallId) {
        self.halted_by = Some(culprit);
    }

    /// Forgets the failure that closed admission.
    pub(super) fn forget_failure(&mut self) {
        self.halted_by = None;
    }

    /// Closes admission for good.
    pub(super) fn drain(&mut self) {
        if self.closing == Closing::Open {
            self.closing = Closing::Draining;
        }
    }

    /// Closes admission for good and returns how running calls are to be
    /// stopped: the second time at once.
    pub(super) fn shut_down(&mut self) -> Force {
        match std::mem::replace(&mut self.closing, Closing::ShuttingDown) {
            Closing::ShuttingDown => Force::Kill,
            Closing::Open | Closing::Draining => Force::Ladder,
        }
    }
}
