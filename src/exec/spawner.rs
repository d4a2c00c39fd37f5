//! The seam between the engine and whatever starts an attempt.

use tokio::sync::{mpsc, watch};

use super::attempt_event::{AttemptEvent, StopTokens};
use super::lane_limit::LaneLimit;
use super::reporter::Reporter;
use crate::model::{Ending, QuestionId, QuestionReply, ServerCommand, ServerName, ServerRow, Work};
use crate::output::Sink;

/// Starts attempts. The engine knows no more than this of processes, servers
/// and services.
pub trait Spawner: Send + Sync {
    /// Starts one attempt and returns at once. Exactly one
    /// [`AttemptEvent::Ended`] follows, whatever happens: also when nothing
    /// could be started, and when the pump panics. It follows only once the
    /// attempt's processes are known to be gone, or have been given up.
    ///
    /// Must be called within a tokio runtime.
    fn start(&self, work: Work, context: AttemptContext);

    /// Returns the state of every tool server, in the order of their names.
    fn servers(&self) -> Vec<ServerRow> {
        Vec::new()
    }

    /// Returns a counter of changes of [`Spawner::servers`]; `None` where nothing
    /// ever changes.
    fn server_changes(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// Starts, stops or restarts a server. Returns at once: the result is seen
    /// in the server's row. Must be called within a tokio runtime.
    fn control_server(&self, _name: &ServerName, _command: ServerCommand) {}

    /// Answers a question of a server. Returns at once; a question that is gone
    /// is passed over.
    fn answer_question(&self, _question: QuestionId, _reply: QuestionReply) {}

    /// Returns the number of lanes that there is room for; `None` is no limit.
    fn lane_limit(&self) -> Option<LaneLimit> {
        None
    }

    /// Stops everything that runs by SIGSTOP, before the program itself is
    /// suspended, and programs that start until [`resume`](Self::resume).
    fn suspend(&self) {}

    /// Lets everything go on, by SIGCONT.
    fn resume(&self) {}

    /// Returns true if attempts are replayed in a time that jumps. The engine then
    /// does nothing on another thread, so that each replay is the same.
    fn is_replay(&self) -> bool {
        false
    }
}

/// The connections of one attempt to the engine.
#[derive(Debug)]
pub struct AttemptContext {
    /// Orders to stop it.
    pub stop: StopTokens,
    /// Takes its output.
    pub sink: Sink,
    /// Takes its start, its progress and its end.
    pub events: mpsc::Sender<AttemptEvent>,
}

impl AttemptContext {
    /// Ends an attempt that cannot be started. Must be called within a tokio
    /// runtime.
    pub(super) fn refuse(self, work: &Work, ending: Ending) {
        let reporter = Reporter::new(work.call(), work.epoch(), self.events);
        tokio::spawn(reporter.ended(ending));
    }
}
