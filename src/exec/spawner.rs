//! The seam between the engine and whatever starts an attempt.

use tokio::sync::{mpsc, watch};

use super::attempt_event::{AttemptEvent, StopTokens};
use super::lane_limit::LaneLimit;
use super::reporter::Reporter;
use crate::model::{
    Ending, HttpRequest, McpRequest, ProcessSpec, ServerCommand, ServerName, ServerRow,
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

    /// Returns the state of every tool server, in the order of their names.
    fn servers(&self) -> Vec<ServerRow> {
        Vec::new()
    }

    /// Returns a counter of changes of [`Spawner::servers`]; `None` where nothing
    /// ever changes.
    fn server_changes(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// Does with a server what was asked, and returns at once: what comes of
    /// it is seen in its row. Must be called within a tokio runtime.
    fn control_server(&self, _name: &ServerName, _order: ServerCommand) {}

    /// Returns the number of lanes that there is room for; `None` is no limit.
    fn lane_limit(&self) -> Option<LaneLimit> {
        None
    }

    /// Stops everything that runs by SIGSTOP, before the program itself is
    /// suspended. Attempts that start later are not stopped.
    fn suspend(&self) {}

    /// Lets everything go on, by SIGCONT.
    fn resume(&self) {}
}
