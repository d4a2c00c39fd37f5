//! Every kind of attempt that leaves this process: programs under supervisors,
//! requests to tool servers, requests to services.

use tokio::sync::watch;

use super::{AttemptContext, Containment, LaneLimit, Servers, Spawner};
#[cfg(not(feature = "http"))]
use crate::model::Ending;
use crate::model::{QuestionId, QuestionReply, ServerCommand, ServerName, ServerRow, Work};

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
    fn start(&self, work: Work, context: AttemptContext) {
        match work {
            Work::Process(spec) => self.containment.start_process(spec, context),
            Work::Mcp(request) => self.servers.start_request(request, context),
            #[cfg(feature = "http")]
            Work::Http(request) => self.web.start_request(request, context),
            #[cfg(not(feature = "http"))]
            Work::Http(_) => {
                let ending = Ending::refused("fanout was built without HTTP");
                context.refuse(&work, ending);
            }
        }
    }

    fn servers(&self) -> Vec<ServerRow> {
        self.servers.rows()
    }

    fn server_changes(&self) -> Option<watch::Receiver<u64>> {
        Some(self.servers.changes())
    }

    fn control_server(&self, name: &ServerName, command: ServerCommand) {
        self.servers.execute(name, command);
    }

    fn answer_question(&self, question: QuestionId, reply: QuestionReply) {
        self.servers.questions().answer(question, reply);
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
