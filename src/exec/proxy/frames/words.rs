//! Words that frames of both directions use.

use serde::{Deserialize, Serialize};

/// Whether calls are only watched, or wait for their turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every byte passes at once.
    #[default]
    Watch,
    /// Cap, locks and rates bind.
    Govern,
}

/// Treatment of waiting and held calls when their controller is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum OnLost {
    /// They are sent, in the order in which they came.
    #[default]
    Forward,
    /// They are answered with an error.
    Fail,
}

/// Direction of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// From the agent to the server.
    #[serde(rename = "c2s")]
    ToServer,
    /// From the server to the agent.
    #[serde(rename = "s2c")]
    ToAgent,
    /// A line of the server's standard error.
    #[serde(rename = "err")]
    Stderr,
}

/// The part of a call that a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The call on its way to the server.
    #[default]
    Call,
    /// The answer on its way to the agent.
    Answer,
}

/// State of an open call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxiedState {
    /// It waits for a lane, a lock or a rate.
    Waiting,
    /// It is kept from its server until it is let go.
    Held,
    /// The server has it.
    Sent,
    /// The server asked the agent something and waits for that answer.
    NeedsInput,
    /// Its answer is kept from the agent until it is let go.
    AnswerHeld,
    /// The server was told to stop it, and has not answered yet.
    Stopping,
}

/// End of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxiedOutcome {
    /// The server answered with a result.
    Succeeded,
    /// The server answered with an error, or fanout did.
    Failed,
    /// Somebody answered in the server's place.
    Answered,
    /// It was cancelled by a user; `reason` tells what became of the server.
    Cancelled,
    /// The agent cancelled it.
    AgentCancelled,
    /// The agent was gone before its answer.
    AgentLeft,
    /// The agent cancelled it because its own limit was reached.
    GivenUp,
    /// The server ended before it answered.
    ServerDied,
}

/// Cause of a state or an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Somebody at a dashboard.
    User,
    /// A rule: the cap, a lock, a bound, or what stands in for a lost
    /// controller.
    Rule,
    /// The agent.
    Agent,
    /// The agent's limit came near.
    Clock,
}

/// Reason that a command was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusedWhy {
    /// The call has ended, or there never was one of this number.
    Gone,
    /// The call is in no state that the command is for.
    NotHeld,
    /// It needs the controller's role.
    NotController,
    /// The body is not what the command needs.
    Invalid,
    /// The shim does not do that, or not in this version.
    Unsupported,
    /// A reason that this version does not know.
    #[serde(other)]
    Unknown,
}
