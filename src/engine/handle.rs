//! The handle on a running engine: commands in, snapshots out.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::catalogue::Catalogue;
use crate::model::{
    AgentMode, Call, CallId, Cap, Intercept, Order, ProxyId, QuestionId, QuestionReply,
    ServerCommand, ServerName, Snapshot,
};
use crate::plan::Draft;

/// A command of a user to a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Pin how many lanes may be busy. Raising admits at once; lowering
    /// drains and never kills.
    SetCap(Cap),
    /// Leave the cap to the scheduler, up to so many lanes.
    SetAuto(Cap),
    /// Change the order in which ready calls start.
    SetOrder(Order),
    /// Stop admitting.
    Pause,
    /// Admit again.
    Resume,
    /// Stop every call (SIGSTOP) and the run's clock until
    /// [`Command::Continue`]; the snapshot says when they have stopped.
    Suspend,
    /// Continue calls and clock.
    Continue,
    /// Cancel by the stop ladder. A call that is stopping already is killed.
    Cancel(Vec<CallId>),
    /// Kill at once.
    Kill(Vec<CallId>),
    /// Cancel every call that has not ended.
    CancelAll,
    /// Kill every call that has not ended.
    KillAll,
    /// Run ended calls again, as new calls with the same resolved arguments.
    Rerun(Vec<CallId>),
    /// Run the plan again: each of its calls as a new one, which waits for the
    /// new ones as the plan says.
    RerunPlan,
    /// Look at the processes of a call at each reading, or at none.
    Inspect(Option<CallId>),
    /// Queue a new call.
    Add(Box<Draft>),
    /// Queue calls of a load, each in the place that its number names: a new one,
    /// or that of a call that has ended.
    Load(Vec<Arc<Call>>),
    /// Move a waiting call before another of its priority (`None`: to the end).
    Move {
        /// The call to move.
        call: CallId,
        /// The waiting call it goes before.
        before: Option<CallId>,
    },
    /// Change a waiting call's priority.
    SetPriority {
        /// The call.
        call: CallId,
        /// Its new priority.
        priority: i32,
    },
    /// Start this waiting call before all others, as soon as what it needs is free.
    RunNext(CallId),
    /// Start, stop or restart a tool server.
    Server {
        /// The server.
        name: ServerName,
        /// The command.
        order: ServerCommand,
    },
    /// Answer a question of a server.
    AnswerQuestion {
        /// The question.
        question: QuestionId,
        /// The answer.
        reply: QuestionReply,
    },
    /// Do something about agents and their calls.
    Agents(AgentCommand),
    /// Stop admitting, let running calls finish, then end the engine.
    Drain,
    /// Cancel everything by the stop ladder, then end the engine.
    Shutdown,
}

/// A command of a user about agents and their calls. Calls of agents are
/// cancelled as others are, by [`Command::Cancel`]. What cannot be done becomes
/// a notice.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentCommand {
    /// Let their calls pass, or have the scheduler decide when each is sent.
    SetMode(AgentMode),
    /// Hold calls that wait, and the answers of those that were sent.
    Hold(Vec<CallId>),
    /// Let held calls, or their answers, go.
    Release(Vec<CallId>),
    /// Let everything go that is held.
    ReleaseAll,
    /// Answer everything that is held with an error.
    RefuseAll,
    /// Change the arguments of a held call.
    EditArguments {
        /// The call.
        call: CallId,
        /// Its arguments from now on: a JSON object.
        args: Arc<Value>,
        /// Whether it is let go with that, and not held further.
        is_released: bool,
    },
    /// Change the held answer of a call.
    EditAnswer {
        /// The call.
        call: CallId,
        /// The result of the tool call, as MCP has it.
        result: Arc<Value>,
        /// Whether it is let go with that, and not held further.
        is_released: bool,
    },
    /// Answer a held or waiting call without its server.
    Answer {
        /// The call.
        call: CallId,
        /// The result of the tool call, as MCP has it.
        result: Arc<Value>,
    },
    /// Kill a server; its open calls end.
    KillServer(ProxyId),
    /// Set which calls are held as they come.
    SetIntercept(Intercept),
    /// Ask for control of every proxy that nobody controls.
    RequestControl,
    /// Take control of every proxy, also from others.
    TakeControl,
}

/// The engine's command queue is full or the engine has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the engine takes no more commands now")]
pub struct Busy;

/// A handle on a running engine; cheap to clone.
#[derive(Debug, Clone)]
pub struct EngineHandle {
    commands: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    catalogues: watch::Receiver<Arc<Catalogue>>,
}

impl EngineHandle {
    /// Joins the ends of the engine's channels.
    pub fn new(
        commands: mpsc::Sender<Command>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        catalogues: watch::Receiver<Arc<Catalogue>>,
    ) -> Self {
        Self {
            commands,
            snapshots,
            catalogues,
        }
    }

    /// Sends a command without waiting.
    ///
    /// # Errors
    ///
    /// The queue is full, or the engine has ended.
    pub fn send(&self, command: Command) -> Result<(), Busy> {
        self.commands.try_send(command).map_err(|_refused| Busy)
    }

    /// Returns the latest snapshot, and a way to wait for later ones.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Returns the tools that can be called now. A snapshot follows each change.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogues.borrow())
    }

    /// The latest snapshot.
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }
}
