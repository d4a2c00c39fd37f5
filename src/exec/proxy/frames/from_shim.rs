//! Frames of a shim.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::codec::{FrameError, RawFrame};
use super::words::{By, Direction, Mode, OnLost, ProxiedOutcome, ProxiedState, RefusedWhy};
use super::{ShimCall, ShimTime};

/// A frame of a shim to those who are attached to it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "frame", rename_all = "kebab-case")]
pub enum ShimFrame {
    /// The shim's description of itself: the first frame, and sent again when
    /// something in it has changed.
    Hello(Box<ShimHello>),
    /// The server's tools as last listed, all pages; the body is a JSON array
    /// of tools.
    Tools,
    /// A message that passed; the body is its line, without the line's end.
    Msg(Message),
    /// A call came.
    Call(Box<CallCame>),
    /// A call's state changed, or the reason on it did.
    State(CallMoved),
    /// A call ended.
    End(CallEnded),
    /// An answer came for a call that had ended, and went to nobody.
    Late(LateAnswer),
    /// The server was started, or ended.
    Server(ServerNews),
    /// Frames were left out because this connection was slow.
    Lost(Lost),
    /// A command was done.
    Ok {
        /// The command's number.
        n: u64,
    },
    /// A command was not done.
    No(Refused),
    /// A sign of life.
    Beat,
    /// The shim ends.
    Bye,
    /// A frame that this version does not know.
    #[serde(skip)]
    Unknown,
}

/// A shim's description of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShimHello {
    /// Version of the protocol that the shim speaks.
    pub v: u32,
    /// Name of the shim: the name of its socket without `.sock`.
    pub id: String,
    /// Name of the server, as the agent's configuration has it.
    pub name: String,
    /// Process of the shim.
    pub shim_pid: u32,
    /// Process of the server, while it runs.
    pub server_pid: Option<u32>,
    /// The server's command, secrets masked.
    pub argv: Vec<String>,
    /// The server's working directory.
    pub cwd: String,
    /// The agent, as far as it is known.
    pub agent: AgentIdentity,
    /// Version of MCP that agent and server agreed on.
    pub protocol: Option<String>,
    /// The agent's own name of its session.
    pub session: Option<String>,
    /// Mode at this time.
    pub mode: Mode,
    /// Treatment of waiting calls when the controller is lost.
    pub on_lost: OnLost,
    /// Whether no controller is accepted, whatever is asked.
    pub watch_only: bool,
    /// The controller, where there is one.
    pub controller: Option<Controller>,
    /// Key of the lock that calls of this server share.
    pub lock: String,
    /// Number of the server's tools that were listed; `None` before a list.
    pub tools: Option<u64>,
    /// Calls so far.
    pub calls: u64,
    /// Calls that wait or are held now.
    pub waiting: u64,
    /// Whether the agent made a request other than those that only look
    /// whether a server is there.
    pub in_use: bool,
    /// Lines of the server's standard output that are not JSON.
    pub not_json: u64,
    /// Messages that passed unread because they were too long.
    pub unread: u64,
    /// File that everything is recorded to, or the reason that the recording has
    /// ended.
    pub recording: Option<String>,
    /// Wall time of the shim's start, in microseconds since 1970.
    pub started_unix_us: u64,
    /// Bounds of the shim.
    pub limits: Limits,
}

/// The agent, as its connection tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentIdentity {
    /// Name by which it introduced itself, such as `claude-code`.
    pub name: Option<String>,
    /// Version by which it introduced itself.
    pub version: Option<String>,
    /// Title by which it introduced itself.
    pub title: Option<String>,
    /// Process that started the shim.
    pub pid: u32,
    /// Name of that process.
    pub comm: String,
}

/// The one who controls a shim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Controller {
    /// Its process.
    pub pid: u32,
    /// Name that it gave itself.
    pub name: String,
}

/// Bounds of a shim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Most calls that wait or are held.
    pub waiting_calls: u64,
    /// Most bytes of waiting calls.
    pub waiting_bytes: u64,
    /// The longest line that is read, in bytes.
    pub line_bytes: u64,
    /// Bytes of past messages that a new connection is sent.
    pub backlog_bytes: u64,
    /// Time in which a controller must give a sign of life, in milliseconds.
    pub beat_ms: u64,
}

/// A message that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Number of the message: 1, 2, … A gap shows what is missing.
    pub seq: u64,
    /// Time at which it was read.
    pub t: ShimTime,
    /// Its direction.
    pub dir: Direction,
    /// The call that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<ShimCall>,
    /// Bytes of the message, where the body is not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<u64>,
    /// Whether fanout wrote it, in the place of the agent or of the server.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// A call that came from the agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallCame {
    /// The shim's number for it.
    pub call: ShimCall,
    /// Time at which it came.
    pub t: ShimTime,
    /// The request's id as it stood in the message.
    pub rpc: Box<RawValue>,
    /// The method, such as `tools/call`.
    pub method: String,
    /// The tool.
    pub tool: String,
    /// Whether the server said that the tool only reads; `None` where the tool
    /// was not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ro: Option<bool>,
    /// Whether the agent asked for progress.
    #[serde(default)]
    pub token: bool,
    /// The agent's limit from its coming on, in milliseconds, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_ms: Option<u64>,
    /// Whether signs of life prolong that limit.
    #[serde(default)]
    pub extends: bool,
    /// Number of the batch that it came in: calls that came within 50 ms, the
    /// first of them while no other was open here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u64>,
    /// The request's `_meta`, unless it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Box<RawValue>>,
}

/// A call's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallMoved {
    /// The call.
    pub call: ShimCall,
    /// Time of the change.
    pub t: ShimTime,
    /// The state.
    pub state: ProxiedState,
    /// The reason in words: what it waits for, or how it came to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Cause of the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// Time at which the shim lets it go, so that the agent does not give up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<ShimTime>,
    /// Whether it was sent without its lock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlocked: bool,
}

/// The end of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEnded {
    /// The call.
    pub call: ShimCall,
    /// Time of the end.
    pub t: ShimTime,
    /// How it ended.
    pub outcome: ProxiedOutcome,
    /// Whether the agent was answered with an error.
    pub is_error: bool,
    /// Bytes of the answer.
    pub bytes: u64,
    /// Time that the server took, in milliseconds; `None` where it was not sent
    /// or has not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ms: Option<u64>,
    /// The reason in words, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Cause of the end, where it was not the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
}

/// An answer that came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateAnswer {
    /// The call.
    pub call: ShimCall,
    /// Time at which it came.
    pub t: ShimTime,
    /// Bytes of the answer.
    pub bytes: u64,
    /// Whether it is an error.
    pub is_error: bool,
}

/// News of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerNews {
    /// The event.
    pub event: ServerEvent,
    /// Its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

/// An event of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerEvent {
    /// It was started.
    Started,
    /// It ended.
    Exited,
    /// An event that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Frames that a slow connection did not get, since the last frame of this kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Frames that are missing.
    pub frames: u64,
    /// Bytes that are missing, bodies of frames that came without one included.
    pub bytes: u64,
}

/// A command that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The command's number.
    pub n: u64,
    /// The reason.
    pub why: RefusedWhy,
    /// The reason in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl ShimFrame {
    /// Reads the header of a frame.
    pub fn read(raw: &RawFrame) -> Result<Self, FrameError> {
        #[derive(Deserialize)]
        struct Done {
            n: u64,
        }
        Ok(match raw.name()?.as_ref() {
            "hello" => Self::Hello(raw.header()?),
            "tools" => Self::Tools,
            "msg" => Self::Msg(raw.header()?),
            "call" => Self::Call(raw.header()?),
            "state" => Self::State(raw.header()?),
            "end" => Self::End(raw.header()?),
            "late" => Self::Late(raw.header()?),
            "server" => Self::Server(raw.header()?),
            "lost" => Self::Lost(raw.header()?),
            "ok" => {
                let Done { n } = raw.header()?;
                Self::Ok { n }
            }
            "no" => Self::No(raw.header()?),
            "beat" => Self::Beat,
            "bye" => Self::Bye,
            _ => Self::Unknown,
        })
    }
}
