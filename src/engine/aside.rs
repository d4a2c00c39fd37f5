//! Work that may take long or read the disk, done away from the loop: its
//! result comes back as a [`Completion`]. A panic in it is a result as well, so
//! that no call waits for ever.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::launcher::{Prepared, StartError};
use crate::catalogue::Catalogue;
use crate::model::{AttemptId, Call, CallId, Ending, Epoch, LockSet};
use crate::plan::DraftError;

/// Long outputs that are worked on at the same time. Each may be a value of some
/// hundred megabytes.
const HEAVY_AT_ONCE: usize = 2;
/// Other pieces of work at the same time.
const LIGHT_AT_ONCE: usize = 16;

/// Result of work that was done aside.
pub(super) enum Completion {
    /// A start is prepared, or refused.
    Prepared {
        attempt: AttemptId,
        prepared: Result<Box<Prepared>, StartError>,
    },
    /// The output of an attempt that succeeded was checked.
    OutputChecked {
        call: CallId,
        epoch: Epoch,
        ending: Ending,
    },
    /// The answer to an agent's call was written to its output.
    AnswerWritten { call: CallId, ending: Ending },
    /// The locks of a call are known.
    LocksResolved { call: CallId, locks: LockSet },
    /// The tools that a server lists can be called.
    ToolsListed {
        catalogue: Arc<Catalogue>,
        /// Parts that cannot be used as they are listed. Untrusted text.
        problems: Vec<String>,
    },
    /// A call that a user asked for was checked.
    Admitted(Result<Box<Call>, AdmitError>),
}

/// Reason that a call which a user asked for is not queued.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdmitError {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Draft(Vec<DraftError>),
    #[error("an internal error: checking its arguments panicked")]
    Panicked,
}

/// Whether a piece of work takes memory beyond a few kilobytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Light,
    Heavy,
}

/// Runs work beside the loop and hands its results to it.
#[derive(Debug)]
pub(super) struct Aside {
    heavy: Arc<Semaphore>,
    light: Arc<Semaphore>,
    completions: mpsc::Sender<Completion>,
    /// Whether work is done at once: in a replay.
    is_immediate: bool,
}

impl Aside {
    pub(super) fn new(completions: mpsc::Sender<Completion>, is_immediate: bool) -> Self {
        Self {
            heavy: Arc::new(Semaphore::new(HEAVY_AT_ONCE)),
            light: Arc::new(Semaphore::new(LIGHT_AT_ONCE)),
            completions,
            is_immediate,
        }
    }

    /// Runs `work` on a thread that may block; `panicked` is the result of a
    /// panic.
    pub(super) fn spawn(
        &self,
        weight: Weight,
        work: impl FnOnce() -> Completion + Send + 'static,
        panicked: impl FnOnce() -> Completion + Send + 'static,
    ) {
        let room = Arc::clone(match weight {
            Weight::Light => &self.light,
            Weight::Heavy => &self.heavy,
        });
        let completions = self.completions.clone();
        if self.is_immediate {
            let completion = work();
            tokio::spawn(async move { completions.send(completion).await });
            return;
        }
        tokio::spawn(async move {
            // The semaphore is never closed.
            let permit = room.acquire_owned().await;
            let done = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                work()
            });
            let completion = done.await.unwrap_or_else(|_panic| panicked());
            // The loop has ended: nobody waits for this any more.
            let _ = completions.send(completion).await;
        });
    }
}
