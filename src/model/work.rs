//! The work of an attempt, once its arguments are resolved.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AttemptNo, CallId, Epoch, HttpRequest, ServerName};

/// The work of one attempt, by the kind of tool that does it.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Runs a program.
    Process(ProcessSpec),
    /// Asks a tool server.
    Mcp(McpRequest),
    /// Sends a request to a service.
    Http(HttpRequest),
}

impl Work {
    /// The call that the attempt belongs to.
    pub fn call(&self) -> CallId {
        match self {
            Self::Process(spec) => spec.call,
            Self::Mcp(request) => request.call,
            Self::Http(request) => request.call,
        }
    }

    /// Identity of the start.
    pub fn epoch(&self) -> Epoch {
        match self {
            Self::Process(spec) => spec.epoch,
            Self::Mcp(request) => request.epoch,
            Self::Http(request) => request.epoch,
        }
    }

    /// Which try at the call this is.
    pub fn attempt(&self) -> AttemptNo {
        match self {
            Self::Process(spec) => spec.attempt,
            Self::Mcp(request) => request.attempt,
            Self::Http(request) => request.attempt,
        }
    }
}

/// The program of one attempt at a command tool, and its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessSpec {
    /// The call.
    pub call: CallId,
    /// Which try.
    pub attempt: AttemptNo,
    /// Identity of this start.
    pub epoch: Epoch,
    /// Program and arguments, never empty, never passed through a shell. The
    /// program is absolute or is looked up in the `PATH` of `env`.
    pub argv: Vec<String>,
    /// The whole environment: nothing else is inherited.
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub cwd: PathBuf,
    /// Standard input of the tool.
    pub stdin: Stdin,
}

/// Standard input of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stdin {
    /// End of file at once.
    Empty,
    /// These bytes, then end of file.
    Bytes(Arc<[u8]>),
}

/// The request of one attempt at a server's tool.
#[derive(Debug, Clone, PartialEq)]
pub struct McpRequest {
    /// The call.
    pub call: CallId,
    /// Which try.
    pub attempt: AttemptNo,
    /// Identity of this start.
    pub epoch: Epoch,
    /// The server.
    pub server: ServerName,
    /// The thing that is asked of it.
    pub operation: McpOperation,
    /// The tool's name on the server.
    pub tool: String,
    /// The arguments, resolved.
    pub args: Arc<Value>,
    /// Whether sending it twice has the effect of sending it once.
    pub is_repeatable: bool,
}

/// How the process of an attempt was started. The values of its environment are
/// not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Working directory.
    pub cwd: PathBuf,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Standard input.
    pub stdin: Stdin,
    /// Process id, once it is known.
    pub pid: Option<u32>,
}

/// Thing that can be asked of a tool server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum McpOperation {
    /// To run a tool.
    #[default]
    CallTool,
    /// To read a resource; its address is the argument `uri`.
    ReadResource,
    /// To get a prompt; its name is the argument `prompt`, and it may have
    /// `arguments`.
    GetPrompt,
}

impl McpOperation {
    /// Returns the operation behind a colon in a tool's name, if it is one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "resource" => Some(Self::ReadResource),
            "prompt" => Some(Self::GetPrompt),
            _ => None,
        }
    }

    /// Returns the sign between a server's name and that of the operation.
    pub fn separator(self) -> char {
        match self {
            Self::CallTool => '.',
            Self::ReadResource | Self::GetPrompt => ':',
        }
    }
}
