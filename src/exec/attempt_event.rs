//! Words between the engine and one attempt: events one way, stops the other.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::model::{CallId, Ending, Epoch, RemoteStatus, StopCause};

/// The two stops of one attempt. A token stays cancelled: a stop cannot be lost,
/// and ordering it twice is the same as once.
#[derive(Debug, Clone, Default)]
pub struct StopTokens {
    /// SIGTERM and SIGCONT to the whole tree.
    pub soft: CancellationToken,
    /// SIGKILL to the whole tree.
    pub hard: CancellationToken,
    /// Origin of the first stop; set once.
    cause: Arc<OnceLock<StopCause>>,
}

impl StopTokens {
    /// Sets the origin of the stop. To be called before the stop is ordered; a
    /// later call changes nothing.
    pub fn name_cause(&self, cause: StopCause) {
        let _named_before = self.cause.set(cause);
    }

    /// Returns the origin of the stop, if it was set.
    pub fn cause(&self) -> Option<StopCause> {
        self.cause.get().copied()
    }
}

/// Event of an attempt, for the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptEvent {
    /// Its process runs.
    Started {
        /// The call.
        call: CallId,
        /// Identity of the start.
        epoch: Epoch,
        /// The main process; `None` for an attempt without process.
        pid: Option<u32>,
    },
    /// The remote side reported the state of the call.
    RemoteChanged {
        /// The call.
        call: CallId,
        /// Identity of the start.
        epoch: Epoch,
        /// Progress and cancel status.
        remote: RemoteStatus,
    },
    /// It is over. The last event of each start, sent exactly once.
    Ended {
        /// The call.
        call: CallId,
        /// Identity of the start.
        epoch: Epoch,
        /// Its ending.
        ending: Ending,
    },
}
