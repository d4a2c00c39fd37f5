//! A tool server: how it is reached, what of its tools is known, and where it
//! stands.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Annotations, Asked, ClientSettings, McpOperation, ProtocolChoice, Question, Rate, Secret,
    ServerName, SignIn, plural,
};

/// A server as a file configures it.
#[derive(Debug, Clone, PartialEq)]
pub struct McpServer {
    /// Its name.
    pub name: ServerName,
    /// How it is reached.
    pub transport: ServerTransport,
    /// Revision of the protocol that it is spoken to in.
    pub protocol: ProtocolChoice,
    /// Settings of signing in to it.
    pub sign_in: SignIn,
    /// From its start to the list of its tools.
    pub startup_timeout: Duration,
    /// Run timeout of its calls, where neither call nor tool names one.
    pub timeout: Option<Duration>,
    /// Whether the user lets all its calls run side by side.
    pub is_parallel: bool,
    /// Its only tools that are taken over; `None` takes all.
    pub only: Option<Vec<String>>,
    /// Tools that are not taken over.
    pub except: Vec<String>,
    /// Overrides of single tools, by their names on the server.
    pub tools: BTreeMap<String, ToolOverride>,
    /// Values that are masked wherever they come back.
    pub secrets: Vec<Secret>,
    /// Part of this client in its conversations.
    pub client: ClientSettings,
    /// The file it is configured in; `None` for the built-in sample server.
    pub origin: Option<PathBuf>,
}

impl McpServer {
    /// Run timeout of a call, where nothing else is said. A server that drops
    /// a request never answers it, and nothing else would end the call.
    pub const CALL_TIMEOUT: Duration = Duration::from_mins(10);
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerTransport {
    /// By a program of its own, over its standard input and output.
    Stdio {
        /// Program and arguments, never passed through a shell.
        argv: Vec<String>,
        /// Environment variables it gets by value.
        env: BTreeMap<String, Secret>,
        /// Environment variables let through by name.
        env_pass: Vec<String>,
        /// Working directory; `None` is the folder fanout was started in.
        cwd: Option<PathBuf>,
    },
    /// By streamable HTTP.
    Http {
        /// Where.
        url: String,
        /// Headers of every request.
        headers: BTreeMap<String, Secret>,
    },
}

impl ServerTransport {
    /// Returns the time to start and connect, where nothing else is said: a
    /// program may be fetched from a registry first, which takes 20 to 40 s.
    pub fn startup_timeout(&self) -> Duration {
        match self {
            Self::Stdio { .. } => Duration::from_mins(1),
            Self::Http { .. } => Duration::from_secs(30),
        }
    }
}

/// Overrides of one tool of a server, from the catalogue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolOverride {
    /// Run timeout.
    pub timeout: Option<Duration>,
    /// Longest time without progress.
    pub idle_timeout: Option<Duration>,
    /// Between a cancel that was sent and giving the call up.
    pub grace: Option<Duration>,
    /// Locks it takes exclusively instead of the whole server.
    pub write_locks: Option<Vec<String>>,
    /// Locks it shares.
    pub read_locks: Vec<String>,
    /// Whether its calls may run side by side, whatever it says of itself.
    pub is_parallel: bool,
    /// Calls of it that may run at once.
    pub max_parallel: Option<u32>,
    /// Starts of it per time.
    pub rate: Option<Rate>,
    /// Expected run time.
    pub estimate: Option<Duration>,
}

/// A tool as its server describes it. Untrusted in every part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedTool {
    /// Its name on the server.
    pub name: String,
    /// Description given by the server.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// JSON Schema of its structured result.
    pub output_schema: Option<Value>,
    /// Hints, as far as it gives any.
    pub annotations: Annotations,
    /// The thing that a call of it asks.
    #[serde(default)]
    pub operation: McpOperation,
}

/// Where a server stands, as the screens show it.
#[derive(Debug, Clone)]
pub struct ServerRow {
    /// Its name.
    pub name: ServerName,
    /// Command or URL, without secrets.
    pub target: Arc<str>,
    /// Where it stands.
    pub state: ServerState,
    /// When it took that state, for display only.
    pub since: SystemTime,
    /// Its main process.
    pub pid: Option<u32>,
    /// Name and version that it reports. Untrusted text.
    pub identity: Option<Arc<str>>,
    /// Protocol revision it speaks, such as `2025-11-25`.
    pub era: Option<Arc<str>>,
    /// Its tools, as listed last.
    pub tools: Arc<Vec<ListedTool>>,
    /// Calls it works on.
    pub in_flight: usize,
    /// Counts of its faulty messages.
    pub faults: Faults,
    /// Tools that are not used until the user has seen what changed of them.
    pub held_back: HeldBack,
    /// Problems with its list of tools. Untrusted text.
    pub list_problems: Arc<[String]>,
    /// Sign-in that it asks for, or that is under way.
    pub sign_in: Option<SignInStatus>,
    /// Last line that it printed on standard error, while it is being started.
    /// Untrusted text.
    pub last_words: Option<Arc<str>>,
    /// Questions of it that wait for an answer, oldest first.
    pub questions: Arc<[Arc<Question>]>,
}

impl ServerRow {
    /// Returns the number of its tools, without what else it offers.
    pub fn tool_count(&self) -> usize {
        let tools = self.tools.iter();
        tools
            .filter(|it| it.operation == McpOperation::CallTool)
            .count()
    }
}

/// Sign-in to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInStatus {
    /// It asks for one, in these words. Untrusted text.
    Needed(Arc<str>),
    /// A person signs in on the page of this address. Untrusted text.
    Open(Arc<str>),
}

/// Tools that a server describes otherwise than when they were last used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldBack {
    /// Counts how often it became another list.
    pub revision: u64,
    /// Each with what changed of its description.
    pub tools: Arc<Vec<ChangedTool>>,
}

/// A tool that is described otherwise than before. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedTool {
    /// Its name on the server.
    pub name: String,
    /// The lines that differ, `-` before those that were and `+` before those
    /// that are, with a few around them.
    pub difference: String,
}

/// Command of a user to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerCommand {
    /// Start it, unless it runs.
    Start,
    /// Close it; its calls fail.
    Stop,
    /// Close it, and start it again.
    Restart,
    /// Sign in to it in the browser, and connect.
    SignIn,
    /// Use its tools as they were described in this revision of what is held
    /// back; nothing, once that is another.
    Accept(u64),
}

/// Where a server stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// Nothing was started.
    Stopped,
    /// Starting, connecting, listing its tools.
    Starting,
    /// Connected.
    Ready,
    /// Being closed, or killed.
    Stopping,
    /// It could not be started, or it died. Untrusted text.
    Failed(Arc<str>),
}

impl ServerState {
    /// The word shown for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
            Self::Failed(_) => "failed",
        }
    }
}

/// Counts of the faulty messages of a server, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Lines that were no message.
    pub noise: u64,
    /// Messages longer than is read.
    pub oversized: u64,
    /// Answers to nothing that was asked.
    pub stray: u64,
}

impl Faults {
    /// How many in all.
    pub fn count(self) -> u64 {
        self.noise + self.oversized + self.stray
    }
}

/// State of a call on the server that carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RemoteStatus {
    /// How far it says it is.
    pub progress: Option<CallProgress>,
    /// State of the cancel, if one was sent.
    pub cancel: Option<CancelStatus>,
    /// The thing that the server waits for before it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asked>,
    /// Parts of the answer of a service that have come; `None` of a call that
    /// asks none.
    pub answer: Option<PartialAnswer>,
}

/// Parts of a service's answer that have come so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartialAnswer {
    /// Whether the connection is known to stand: a status came, or connecting
    /// would have failed by now.
    #[serde(default)]
    pub is_connected: bool,
    /// Status of the answer, once it and the headers came.
    pub status: Option<u16>,
    /// Bytes of the body.
    pub bytes: u64,
}

/// How far a call says it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CallProgress {
    /// Done so far; the greatest that was told.
    pub done: f64,
    /// Of how much, where told.
    pub total: Option<f64>,
}

/// State of a cancel that was sent to a server, which may ignore it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelStatus {
    /// It was sent; nothing was heard since.
    Sent,
    /// The server answered: it is done with the call.
    Confirmed,
    /// The server told of progress since.
    StillWorking,
    /// Nothing was heard in time.
    Unknown,
}

impl CancelStatus {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "cancel sent",
            Self::Confirmed => "cancel confirmed",
            Self::StillWorking => "cancel sent, still working",
            Self::Unknown => "cancel sent, end unknown",
        }
    }
}

/// Calls that changed something on one server at the same time, because the
/// user let them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlapHazard {
    /// The server.
    pub server: ServerName,
    /// Pairs of calls that overlapped.
    pub overlaps: u64,
    /// The calls, in the order they were first seen; at most
    /// [`OverlapHazard::CALLS_KEPT`].
    pub calls: Vec<super::CallId>,
    /// Further calls.
    pub further: u64,
}

impl OverlapHazard {
    /// Calls that are named.
    pub const CALLS_KEPT: usize = 256;

    /// None yet on this server.
    pub fn on(server: ServerName) -> Self {
        Self {
            server,
            overlaps: 0,
            calls: Vec::new(),
            further: 0,
        }
    }

    /// A call overlaps with others.
    pub fn add(&mut self, call: super::CallId, others: &[super::CallId]) {
        self.overlaps += others.len() as u64;
        for each in others.iter().chain([&call]) {
            if self.calls.contains(each) {
                continue;
            }
            if self.calls.len() < Self::CALLS_KEPT {
                self.calls.push(*each);
            } else if *each == call {
                self.further += 1;
            }
        }
    }
}

impl fmt::Display for OverlapHazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls that change something on server {} overlapped ({}): \
             they are not ordered because you relaxed it, and some may have had no effect",
            self.calls.len() as u64 + self.further,
            self.server,
            plural(self.overlaps as usize, "pair")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_fetched_first_and_has_longer_to_start() {
        let program = ServerTransport::Stdio {
            argv: Vec::new(),
            env: BTreeMap::new(),
            env_pass: Vec::new(),
            cwd: None,
        };
        assert_eq!(program.startup_timeout(), Duration::from_mins(1));
        let remote = ServerTransport::Http {
            url: String::new(),
            headers: BTreeMap::new(),
        };
        assert_eq!(remote.startup_timeout(), Duration::from_secs(30));
    }
}
