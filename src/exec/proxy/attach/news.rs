//! News of shims.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::ProxyOrder;
use crate::exec::proxy::frames::{
    By, ProxiedOutcome, ProxiedState, RefusedWhy, ShimCall, ShimHello,
};
use crate::model::{
    CallProgress, Direction, ListedTool, LostMessages, ProxyControl, ProxyId, WireKind,
};

/// News of one shim.
#[derive(Debug, Clone)]
pub struct ProxyNews {
    /// The shim.
    pub proxy: ProxyId,
    /// Its news.
    pub event: ProxyEvent,
}

/// Something that a shim told. Texts are untrusted. Ages are counted back from
/// the moment at which the news was read.
#[derive(Debug, Clone)]
pub enum ProxyEvent {
    /// It was found, or found again; also when something of its description
    /// or of this program's role has changed.
    Described(Box<ShimHello>, ProxyControl),
    /// The tools of its server.
    ToolsListed(Arc<Vec<ListedTool>>),
    /// A call came.
    CallCame(Box<CallFacts>),
    /// The arguments of a call became known, or are others.
    ArgumentsKnown(ShimCall, Arc<Value>),
    /// A call stands elsewhere.
    CallMoved(Box<CallMove>),
    /// The server told how far a call is.
    Progressed(ShimCall, CallProgress),
    /// A call ended.
    CallEnded(Box<CallResult>),
    /// An answer came for a call that had ended, and went to nobody.
    AnsweredLate(ShimCall),
    /// A message passed.
    Passed(Box<PassedMessage>),
    /// The server ended, like this.
    ServerEnded(Arc<str>),
    /// News were left out, because they were read too slowly.
    Lost(LostMessages),
    /// An order was not carried out.
    Refused {
        /// The order.
        order: ProxyOrder,
        /// Kind of the reason.
        why: RefusedWhy,
        /// The reason in words.
        text: Arc<str>,
    },
    /// It is connected no more, for this reason. The last of its news.
    Gone(Arc<str>),
    /// Shims cannot be found, for this reason; of no shim.
    Blind(Arc<str>),
}

/// A call as it came.
#[derive(Debug, Clone)]
pub struct CallFacts {
    /// Its number at the shim.
    pub call: ShimCall,
    /// How long ago it came.
    pub age: Duration,
    /// Id of the request, as JSON.
    pub request_id: Arc<str>,
    /// The tool.
    pub tool: Arc<str>,
    /// Whether its server said that the tool only reads.
    pub read_only: Option<bool>,
    /// Its arguments, where they are known already.
    pub args: Option<Arc<Value>>,
    /// How long its agent waits, where that is known.
    pub limit: Option<Duration>,
    /// Whether signs of life prolong that.
    pub is_prolonged: bool,
    /// The `_meta` of its request, where that is short.
    pub meta: Option<Arc<Value>>,
}

/// Where a call stands.
#[derive(Debug, Clone)]
pub struct CallMove {
    /// Its number at the shim.
    pub call: ShimCall,
    /// How long ago it came to stand there.
    pub age: Duration,
    /// The state.
    pub state: ProxiedState,
    /// The reason in words.
    pub why: Option<Arc<str>>,
    /// Cause of the state.
    pub by: Option<By>,
    /// Time from now until the shim lets it go.
    pub let_go_in: Option<Duration>,
    /// Whether it was sent without its lock.
    pub is_unlocked: bool,
    /// The answer that is held, where it is short.
    pub answer: Option<Arc<Value>>,
    /// Whether that answer is an error.
    pub is_error: bool,
    /// Length of that answer in bytes.
    pub answer_bytes: u64,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub struct CallResult {
    /// Its number at the shim.
    pub call: ShimCall,
    /// How.
    pub outcome: ProxiedOutcome,
    /// Whether the agent got an error.
    pub is_error: bool,
    /// The reason in words.
    pub reason: Option<Arc<str>>,
    /// Cause of the end, where it was not the server.
    pub by: Option<By>,
    /// The line of the answer, or its beginning, where it is known.
    pub answer: Option<AnswerLine>,
}

/// The line of an answer.
#[derive(Debug, Clone)]
pub struct AnswerLine {
    /// The line, or its beginning.
    pub bytes: Arc<[u8]>,
    /// Its whole length in bytes.
    pub full: u64,
}

impl AnswerLine {
    /// Whether the line is there to its end.
    pub fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.full
    }
}

/// A message that passed.
#[derive(Debug, Clone)]
pub struct PassedMessage {
    /// The call that it belongs to.
    pub call: Option<ShimCall>,
    /// When it passed, for display only.
    pub at: SystemTime,
    /// Which way it went.
    pub direction: Direction,
    /// Its kind.
    pub kind: WireKind,
    /// Its method, a tool's name, or the line itself; shortened.
    pub text: Arc<str>,
    /// Its length in bytes.
    pub bytes: u64,
    /// The message itself, as far as it is kept.
    pub raw: Arc<str>,
}
