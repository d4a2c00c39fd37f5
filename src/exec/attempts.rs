//! Every kind of attempt that leaves this process: programs under supervisors,
//! questions to servers, requests to services.

use tokio::sync::{mpsc, watch};

use super::{AttemptEvent, Containment, LaneLimit, Servers, Spawner, StopTokens};
use crate::model::{McpRequest, ProcessSpec, ServerCommand, ServerName, ServerRow};
use crate::output::Sink;

/// Starts every kind of attempt.
#[derive(Clone)]
pub struct Attempts {
    /// Starts programs.
    pub containment: Containment,
    /// Asks servers.
    pub servers: Servers,
    /// Asks services.
    #[cfg(feature = "http")]
    pub web: super::HttpClient,
}

impl Spawner for Attempts {
    fn start(
        &self,
        launch: ProcessSpec,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        self.containment.start(launch, stop, sink, events);
    }

    fn ask(
        &self,
        question: McpRequest,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        self.servers.ask(question, stop, sink, events);
    }

    #[cfg(feature = "http")]
    fn fetch(
        &self,
        request: crate::model::HttpRequest,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        self.web.fetch(request, stop, sink, events);
    }

    fn servers(&self) -> Vec<ServerRow> {
        self.servers.rows()
    }

    fn server_changes(&self) -> Option<watch::Receiver<u64>> {
        Some(self.servers.changes())
    }

    fn control_server(&self, name: &ServerName, order: ServerCommand) {
        self.servers.conduct(name, order);
    }

    fn lane_limit(&self) -> Option<LaneLimit> {
        self.containment.lane_limit()
    }

    fn suspend(&self) {
        self.containment.suspend();
    }

    fn resume(&self) {
        self.containment.resume();
    }
}
