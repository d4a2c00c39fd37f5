//! The part of a row that only a call of an agent has. Texts are untrusted.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Access, AgentMark, ProxyId, ServerName};

/// A call that an agent made, and where it stands between the two.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own on the row"
)]
pub struct ProxiedCall {
    /// The agent.
    pub agent: AgentMark,
    /// The proxy that it came through.
    pub proxy: ProxyId,
    /// The server's name in the agent's configuration.
    pub server: ServerName,
    /// The tool's name on the server.
    pub tool: Arc<str>,
    /// Id of the request, as JSON: `7`, `"a"`.
    pub request_id: Arc<str>,
    /// Calls that it may overlap with.
    pub access: Access,
    /// Whether it never entered the scheduler: it passes, holds no lock and
    /// counts towards no cap.
    pub is_watched: bool,
    /// The calls that came with it.
    pub batch: Option<Batch>,
    /// Where it stands.
    pub stage: ProxiedStage,
    /// Time that its server had it before the run's clock began.
    pub ran_before: Duration,
    /// The hold on it, or on its answer.
    pub held: Option<Hold>,
    /// Whether its answer is going to be held when it comes.
    pub holds_answer: bool,
    /// When its agent gives up.
    pub patience: Patience,
    /// Why it went to the server before its turn.
    pub let_go: Option<LetGo>,
    /// Whether its arguments are not those of the agent.
    pub is_edited: bool,
    /// Whether its answer is not that of the server.
    pub is_answer_edited: bool,
    /// The one who ended it, where that was not its server.
    pub by: Option<EndedBy>,
    /// Answers that came after it had ended, and were not passed on.
    pub late_answers: u32,
    /// Its id in the agent's own transcript.
    pub transcript_id: Option<Arc<str>>,
    /// The `_meta` of its request, where that is short.
    pub meta: Option<Arc<Value>>,
}

/// Whose call it is, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxiedRoute {
    /// The agent.
    pub agent: AgentMark,
    /// The proxy that it came through.
    pub proxy: ProxyId,
    /// The server's name in the agent's configuration.
    pub server: ServerName,
}

impl ProxiedCall {
    /// Returns a call that has just come: nobody has decided anything about it.
    pub fn new(route: ProxiedRoute, tool: impl Into<Arc<str>>) -> Self {
        let ProxiedRoute {
            agent,
            proxy,
            server,
        } = route;
        Self {
            agent,
            proxy,
            server,
            tool: tool.into(),
            request_id: "0".into(),
            access: Access::Unannotated,
            is_watched: true,
            batch: None,
            stage: ProxiedStage::Waiting,
            ran_before: Duration::ZERO,
            held: None,
            holds_answer: false,
            patience: Patience::default(),
            let_go: None,
            is_edited: false,
            is_answer_edited: false,
            by: None,
            late_answers: 0,
            transcript_id: None,
            meta: None,
        }
    }

    /// Whether it, or its answer, is held.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }
}

/// Where a call stands between its agent and its server.
#[derive(Debug, Clone, PartialEq)]
pub enum ProxiedStage {
    /// The proxy has it, and its server has not.
    Waiting,
    /// The server has it.
    Sent,
    /// The server has answered, and the agent has not got it.
    AnswerHeld(HeldAnswer),
    /// The server was told to stop.
    Stopping {
        /// When, on the run's clock.
        since: Duration,
    },
    /// The agent waits for it no more.
    Ended,
}

/// An answer that is held.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldAnswer {
    /// Whether it says that the tool failed.
    pub is_error: bool,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its result; `None` where it is too long to be kept.
    pub result: Option<Arc<Value>>,
}

/// A hold on a call or its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The one who holds: `you`, `rule NAME`, `pid 7`.
    pub by: Arc<str>,
    /// Since when, on the run's clock.
    pub since: Duration,
}

/// Time that an agent waits for an answer before it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Patience {
    /// From the request on; `None` where it is not known.
    pub limit: Option<Duration>,
    /// Whether signs of life from the proxy prolong it.
    pub is_prolonged: bool,
    /// When it gives up, on the run's clock; `None` where that is not known or
    /// never.
    pub gives_up_at: Option<Duration>,
    /// When a call that waits or is held is let go, on the run's clock.
    pub let_go_at: Option<Duration>,
}

/// Why a call went to the server before its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetGo {
    /// The agent would have given up.
    AgentWouldGiveUp,
    /// The run starts nothing more.
    RunStopped,
    /// It was decided elsewhere: nobody controlled the proxy, or another did.
    Elsewhere,
}

impl LetGo {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AgentWouldGiveUp => "let go: the agent would give up",
            Self::RunStopped => "let go: the run is stopped",
            Self::Elsewhere => "let go by its proxy",
        }
    }
}

/// Calls that an agent asked for in one answer of its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Number of the batch, within the run.
    pub number: u32,
    /// Its turn, as the agent names it; `None` where the batch is a guess from
    /// the times at which its calls came.
    pub turn: Option<Arc<str>>,
}

impl Batch {
    /// Whether it is a guess, shown with `~`.
    pub fn is_guess(&self) -> bool {
        self.turn.is_none()
    }
}

/// The one who ended a call in another way than its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndedBy {
    /// The user of the dashboard.
    User,
    /// A rule.
    Rule,
    /// The agent.
    Agent,
}

impl EndedBy {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Rule => "rule",
            Self::Agent => "agent",
        }
    }
}
