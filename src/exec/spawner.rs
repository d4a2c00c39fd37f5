//! The seam between the engine and whatever starts an attempt.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::model::{CallId, Cap, Ending, Epoch, Launch};
use crate::output::Sink;

/// Starts attempts. The engine knows no more than this of processes.
pub trait Spawner: Send + Sync {
    /// Starts one attempt and returns at once. Exactly one
    /// [`AttemptEvent::Ended`] follows, whatever happens: also when nothing
    /// could be started, and when the pump panics. It follows only once the
    /// attempt's processes are known to be gone, or have been given up.
    ///
    /// Must be called within a tokio runtime.
    fn start(
        &self,
        launch: Launch,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    );

    /// As many lanes as there is room for; `None` is no limit.
    fn most_lanes(&self) -> Option<Cap> {
        None
    }

    /// Has everything that runs stand still (SIGSTOP), before the program
    /// itself is suspended. What is started after this is not held.
    fn suspend(&self) {}

    /// Has everything go on (SIGCONT).
    fn resume(&self) {}
}

/// The two stops of one attempt. A token is a level: it cannot be lost, and
/// cancelling it twice is once.
#[derive(Debug, Clone, Default)]
pub struct StopTokens {
    /// SIGTERM and SIGCONT to the whole tree.
    pub soft: CancellationToken,
    /// SIGKILL to the whole tree.
    pub hard: CancellationToken,
}

/// What an attempt tells the engine.
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
    /// It is over. Comes once for each start, last.
    Ended {
        /// The call.
        call: CallId,
        /// Identity of the start.
        epoch: Epoch,
        /// How it ended.
        ending: Ending,
    },
}
