//! One call that is open at the gate.

use std::time::Duration;

use super::governor::Admission;
use crate::exec::proxy::envelope::RpcId;
use crate::exec::proxy::frames::{ProxiedState, ShimCall};

/// A call between its coming and its end.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) call: ShimCall,
    pub(super) rpc: RpcId,
    /// The id as it stood in the message.
    pub(super) raw_id: String,
    pub(super) tool: String,
    /// The whole message, as it came or was edited; empty once it was sent.
    pub(super) line: Vec<u8>,
    /// Whether its tool only reads, so that it takes the lock shared.
    pub(super) is_shared: bool,
    /// Whether results of its era say that they are complete.
    pub(super) is_new_era: bool,
    /// The progress token as it stood in the message.
    pub(super) token: Option<String>,
    pub(super) phase: Phase,
    /// Time at which the server got it.
    pub(super) sent_at: Option<Duration>,
    pub(super) clock: AgentClock,
    /// The batch that it came in.
    pub(super) batch: Option<u64>,
    /// Its place with the shim's own scheduler.
    pub(super) admission: Option<Admission>,
    /// Whether it takes no lock.
    pub(super) is_unlocked: bool,
    /// Whether its answer is to be held, and the words for that.
    pub(super) holds_answer: Option<String>,
    /// The reason that was told last.
    pub(super) told_why: Option<String>,
}

/// Phase of a call.
#[derive(Debug)]
pub(super) enum Phase {
    /// It waits.
    Waiting(WaitsFor),
    /// It is held by somebody.
    Held {
        /// Words for the row.
        why: String,
    },
    /// The server has it.
    Sent,
    /// Its answer is held.
    AnswerHeld {
        /// The whole message.
        answer: Vec<u8>,
        /// Time that the server took.
        took: Duration,
    },
    /// The agent has its answer; the server was told to stop.
    Stopping(Stopping),
}

/// Something that a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitsFor {
    /// The controller's word.
    Go,
    /// A lane, or the lock among the calls of this shim.
    Lane,
    /// The lock among all shims.
    Lock,
    /// Its turn, after a controller was lost.
    Turn,
}

/// A call that the server still works on, though nobody waits for it.
#[derive(Debug)]
pub(super) struct Stopping {
    pub(super) since: Duration,
    /// Whether a late answer goes to the agent, as it would without a proxy.
    pub(super) passes_answer: bool,
    /// The end that is told once the server is done, unless it was told already.
    pub(super) end: Option<StopEnd>,
}

/// The end of a call that was answered while the server worked on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StopEnd {
    /// By a user who cancelled it.
    Cancelled,
    /// By a user who answered it by hand.
    Answered { is_error: bool, bytes: u64 },
}

/// The agent's limit on one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct AgentClock {
    /// Time at which the call came.
    pub(super) came: Duration,
    /// Time from which the limit counts: the coming, or the last sign of life
    /// where those prolong it.
    pub(super) since: Duration,
    /// Time after which the agent gives up.
    pub(super) limit: Option<Duration>,
    pub(super) is_extended: bool,
    /// Signs of life so far, and the time of the next one.
    pub(super) beats: u32,
    pub(super) next_beat: Option<Duration>,
    /// Time at which the call is let go.
    pub(super) let_go_at: Option<Duration>,
}

impl OpenCall {
    /// Whether it has not been sent.
    pub(super) fn is_unsent(&self) -> bool {
        matches!(self.phase, Phase::Waiting(_) | Phase::Held { .. })
    }

    /// Whether the server works on it and the agent waits for it.
    pub(super) fn is_at_server(&self) -> bool {
        matches!(self.phase, Phase::Sent)
    }

    pub(super) fn state(&self) -> ProxiedState {
        match &self.phase {
            Phase::Waiting(_) => ProxiedState::Waiting,
            Phase::Held { .. } => ProxiedState::Held,
            Phase::Sent => ProxiedState::Sent,
            Phase::AnswerHeld { .. } => ProxiedState::AnswerHeld,
            Phase::Stopping(_) => ProxiedState::Stopping,
        }
    }
}
