//! Agents at work and the servers they talk to through a proxy, as snapshots
//! show them. Texts of agents and servers are untrusted.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{CallId, CallSample, History, Intercept, ListedTool, ServerName};

/// Mark of an agent, such as `cc1`: two letters of its program, and a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentMark(Arc<str>);

impl AgentMark {
    /// Takes a mark.
    pub fn new(mark: impl Into<Arc<str>>) -> Self {
        Self(mark.into())
    }

    /// The mark.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Number of a proxy within the run, in the order in which they were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProxyId(pub u32);

/// Whether calls of agents pass, or wait for their turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentMode {
    /// Every call passes at once; nothing is changed or delayed.
    #[default]
    Watch,
    /// Cap, locks and rates bind them.
    Govern,
}

impl AgentMode {
    /// The word shown for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Govern => "govern",
        }
    }
}

/// Everything that a snapshot tells of agents.
#[derive(Debug, Clone, Default)]
pub struct Agents {
    /// Whether their calls pass or wait.
    pub mode: AgentMode,
    /// Which calls are held as they come.
    pub intercept: Intercept,
    /// Calls and answers that are held.
    pub held: usize,
    /// The agents, in the order in which they were first seen. Those that left
    /// stay at the end of the list for a while.
    pub agents: Vec<Arc<AgentRow>>,
    /// Their servers, by the place of their agent in `agents`, then by name.
    pub servers: Vec<Arc<ProxiedServer>>,
    /// Calls that ended so long ago that their rows were taken away.
    pub forgotten_calls: u64,
    /// Reason that agents cannot be found here, such as a folder that others
    /// can write to.
    pub problem: Option<Arc<str>>,
}

impl Agents {
    /// The servers of one agent.
    pub fn servers_of(&self, agent: &AgentMark) -> impl Iterator<Item = &Arc<ProxiedServer>> {
        self.servers.iter().filter(move |it| it.agent == *agent)
    }

    /// The agent with this mark.
    pub fn agent(&self, mark: &AgentMark) -> Option<&Arc<AgentRow>> {
        self.agents.iter().find(|it| it.mark == *mark)
    }

    /// The server behind a proxy.
    pub fn server(&self, proxy: ProxyId) -> Option<&Arc<ProxiedServer>> {
        self.servers.iter().find(|it| it.proxy == proxy)
    }

    /// Whether two pictures of agents differ at most in readings of servers.
    pub fn differs_in_gauges_only(&self, other: &Self) -> bool {
        let is_same = |one: &Arc<ProxiedServer>, two: &Arc<ProxiedServer>| {
            Arc::ptr_eq(one, two)
                || Arc::ptr_eq(&one.wire, &two.wire)
                    && Arc::ptr_eq(&one.tools, &two.tools)
                    && (one.state == two.state && one.control == two.control)
                    && (one.mode, one.calls, one.open_calls)
                        == (two.mode, two.calls, two.open_calls)
                    && (one.pid, one.held, one.lost) == (two.pid, two.held, two.lost)
        };
        let servers = self.servers.iter().zip(&other.servers);
        (self.mode, self.held) == (other.mode, other.held)
            && self.intercept == other.intercept
            && self.problem == other.problem
            && self.agents == other.agents
            && self.servers.len() == other.servers.len()
            && servers.into_iter().all(|(one, two)| is_same(one, two))
    }

    /// How many agents are here.
    pub fn present(&self) -> usize {
        self.agents.iter().filter(|it| it.left.is_none()).count()
    }
}

/// A program that makes calls: one process of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentRow {
    /// Its mark.
    pub mark: AgentMark,
    /// Its name for people, such as `Claude Code`; as it calls itself where it
    /// is not known.
    pub title: Arc<str>,
    /// Version that it reports.
    pub version: Option<Arc<str>>,
    /// Its process, where that is known.
    pub pid: Option<u32>,
    /// Folder in which it works.
    pub cwd: Arc<str>,
    /// Session that it names.
    pub session: Option<Arc<str>>,
    /// When the last of its servers went, on the run's clock.
    pub left: Option<Duration>,
}

/// A server behind a proxy.
#[derive(Debug, Clone)]
pub struct ProxiedServer {
    /// Its proxy.
    pub proxy: ProxyId,
    /// The agent that uses it.
    pub agent: AgentMark,
    /// Its name in the agent's configuration.
    pub name: ServerName,
    /// Program and arguments, with secrets masked.
    pub command: Arc<str>,
    /// The proxy's process.
    pub proxy_pid: u32,
    /// The server's process.
    pub pid: Option<u32>,
    /// Protocol revision that the two agreed on.
    pub protocol: Option<Arc<str>>,
    /// Where it stands.
    pub state: ProxiedServerState,
    /// Whether its calls pass or wait, as its proxy says.
    pub mode: AgentMode,
    /// Role of this dashboard.
    pub control: ProxyControl,
    /// Key of the lock that its calls take, where its proxy names one.
    pub lock: Option<Arc<str>>,
    /// Another server whose calls take the same lock, as `cc1/mem`.
    pub same_lock_as: Option<Arc<str>>,
    /// Its tools, as listed last.
    pub tools: Arc<Vec<ListedTool>>,
    /// Calls that came.
    pub calls: u64,
    /// Calls of these that have not ended.
    pub open_calls: usize,
    /// Calls and answers of it that are held.
    pub held: usize,
    /// Messages that this dashboard was too slow for.
    pub lost: LostMessages,
    /// Readings of its process tree, oldest first.
    pub samples: Arc<History<CallSample>>,
    /// The latest messages, oldest first; at most [`ProxiedServer::WIRE_KEPT`].
    pub wire: Arc<History<Arc<WireMessage>>>,
}

impl ProxiedServer {
    /// Messages that are kept of each server.
    pub const WIRE_KEPT: usize = 128;

    /// Its name with its agent's mark, such as `cc1/mem`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.agent, self.name)
    }

    /// Its description of a tool.
    pub fn tool(&self, name: &str) -> Option<&ListedTool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// Whether its proxy is still connected.
    pub fn is_attached(&self) -> bool {
        !matches!(self.state, ProxiedServerState::Gone { .. })
    }
}

/// Where a server behind a proxy stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxiedServerState {
    /// It runs.
    Running,
    /// It ended.
    Exited {
        /// How, such as `exit code 1` or `killed by SIGKILL`.
        how: Arc<str>,
    },
    /// Its proxy is connected no more.
    Gone {
        /// Why, such as `agent left` or `proxy died`.
        why: Arc<str>,
    },
}

/// Role of this dashboard at a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProxyControl {
    /// It looks on, and nobody controls.
    #[default]
    Free,
    /// It controls.
    Ours,
    /// Somebody else controls.
    Others {
        /// The other one, such as `pid 4711`.
        by: Arc<str>,
    },
    /// It can only look on.
    WatchOnly {
        /// Why, such as `started with --watch-only`.
        why: Arc<str>,
    },
}

/// Count of the news that a proxy left out, because this dashboard was too slow for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LostMessages {
    /// Frames.
    pub frames: u64,
    /// Bytes, of these frames and of bodies that were left out alone.
    pub bytes: u64,
}

/// One message between an agent and a server.
#[derive(Debug, Clone, PartialEq)]
pub struct WireMessage {
    /// When it passed, for display only.
    pub at: SystemTime,
    /// Which way it went.
    pub direction: Direction,
    /// Its kind.
    pub kind: WireKind,
    /// Its method, a tool's name, or the line itself; shortened.
    pub text: Arc<str>,
    /// The call it belongs to.
    pub call: Option<CallId>,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the agent to the server.
    ToServer,
    /// From the server to the agent.
    ToAgent,
    /// Printed by the server on its standard error.
    Stderr,
}

/// Kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireKind {
    /// The request of a tool call.
    Call,
    /// Another request.
    Request,
    /// An answer.
    Answer,
    /// An answer that is an error.
    Error,
    /// A notification.
    Note,
    /// A line of standard error, or one that is no message.
    Line,
}

impl WireKind {
    /// The word shown for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Request => "ask",
            Self::Answer => "ans",
            Self::Error => "err",
            Self::Note => "note",
            Self::Line => "text",
        }
    }
}
