//! The seam between the engine and whatever starts an attempt.

use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::reporter::Reporter;
use crate::model::{
    CallId, Cap, Ending, Epoch, HttpRequest, McpRequest, ProcessSpec, RemoteStatus, ServerCommand,
    ServerName, ServerRow, StopCause,
};
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
        launch: ProcessSpec,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    );

    /// Starts an attempt that asks a tool server, and returns at once; the
    /// same events follow. Where there are no servers, it is refused.
    fn ask(
        &self,
        question: McpRequest,
        _stop: StopTokens,
        _sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        let refused = Ending::refused(format!("there is no server {}", question.server));
        let reporter = Reporter::new(question.call, question.epoch, events);
        tokio::spawn(reporter.ended(refused));
    }

    /// Starts an attempt that asks a service by HTTP, and returns at once; the
    /// same events follow. Where HTTP is not spoken, it is refused.
    fn fetch(
        &self,
        request: HttpRequest,
        _stop: StopTokens,
        _sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        let refused = Ending::refused("HTTP is not spoken here");
        let reporter = Reporter::new(request.call, request.epoch, events);
        tokio::spawn(reporter.ended(refused));
    }

    /// Where every tool server stands, in the order of their names.
    fn servers(&self) -> Vec<ServerRow> {
        Vec::new()
    }

    /// Counts the changes of what [`Spawner::servers`] tells; `None` where
    /// nothing ever changes.
    fn server_changes(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// Does with a server what was asked, and returns at once: what comes of
    /// it is seen in its row. Must be called within a tokio runtime.
    fn control_server(&self, _name: &ServerName, _order: ServerCommand) {}

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
    /// Who ordered the first of them; the first one told stays.
    cause: Arc<OnceLock<StopCause>>,
}

impl StopTokens {
    /// Says who orders the stop, before it is ordered.
    pub fn name_cause(&self, cause: StopCause) {
        let _named_before = self.cause.set(cause);
    }

    /// Who ordered the stop, where that was said.
    pub fn cause(&self) -> Option<StopCause> {
        self.cause.get().copied()
    }
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
    /// What somebody else who works on the call tells of it.
    RemoteChanged {
        /// The call.
        call: CallId,
        /// Identity of the start.
        epoch: Epoch,
        /// What is known.
        remote: RemoteStatus,
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
