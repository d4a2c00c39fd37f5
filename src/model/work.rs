//! Input of an attempt, once its arguments are resolved.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{AttemptNo, CallId, Epoch, ServerName};

/// Everything needed to start one attempt of a command tool.
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
    /// Between the soft stop and the hard one, shown to the tool's supervisor;
    /// the scheduler orders both stops.
    pub grace: Duration,
}

/// Standard input of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stdin {
    /// End of file at once.
    Empty,
    /// These bytes, then end of file.
    Bytes(Arc<[u8]>),
}

/// Everything needed to ask a server to run a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct McpRequest {
    /// The call.
    pub call: CallId,
    /// Identity of this start.
    pub epoch: Epoch,
    /// The server.
    pub server: ServerName,
    /// The tool's name on the server.
    pub tool: String,
    /// The arguments, resolved.
    pub args: Arc<Value>,
    /// Whether asking twice has the effect of asking once.
    pub is_repeatable: bool,
}
