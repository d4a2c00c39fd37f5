//! A tool: something callable, with an input schema.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Access, Annotations, McpOperation, Rate, RequestTemplate, ServerName, Timeouts, ToolName,
};

/// One entry of the catalogue, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Unique name.
    pub name: ToolName,
    /// Its description. Untrusted text.
    pub description: String,
    /// How it is run.
    pub action: ToolAction,
    /// JSON Schema of its arguments; `None` takes any object.
    pub input_schema: Option<Value>,
    /// Hints with MCP's meaning.
    pub annotations: Annotations,
    /// How its standard output is read.
    pub output: OutputKind,
    /// Limits on the time of its calls, where a call names none.
    pub timeouts: Timeouts,
    /// Calls of this tool that may run at once.
    pub max_parallel: Option<u32>,
    /// Starts of this tool per time.
    pub rate: Option<Rate>,
    /// Names of locks its calls take exclusively, with `{{argument}}` placeholders.
    pub write_locks: Vec<String>,
    /// Names of locks its calls share, with `{{argument}}` placeholders.
    pub read_locks: Vec<String>,
    /// Expected run time, where a call names none.
    pub estimate: Option<Duration>,
    /// The catalogue file it comes from; `None` for the built-in sample tools.
    pub origin: Option<PathBuf>,
}

/// How a tool is run.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolAction {
    /// A process of its own.
    Command {
        /// Program and arguments with `{{argument}}` placeholders.
        argv: Vec<String>,
        /// Working directory; `None` is the folder fanout was started in.
        cwd: Option<PathBuf>,
        /// Content of its standard input.
        stdin: StdinKind,
        /// Environment variables it gets by value.
        env: BTreeMap<String, String>,
        /// Environment variables let through by name.
        env_pass: Vec<String>,
        /// Arguments whose value may start with `-`.
        dash: Vec<String>,
    },
    /// A tool server is asked.
    Mcp {
        /// The server.
        server: ServerName,
        /// The tool's name on the server.
        tool: String,
        /// The thing that a call asks of it.
        operation: McpOperation,
        /// JSON Schema of the structured result.
        output_schema: Option<Value>,
        /// Calls that its calls may overlap with.
        access: Access,
        /// Whether the server itself told of the tool; if not, it is assumed,
        /// because a plan names it.
        is_listed: bool,
    },
    /// A service is asked by HTTP.
    Http {
        /// Template of the request.
        request: RequestTemplate,
    },
    /// No process: waits this long and prints nothing. The calls of a
    /// recorded workflow are of this kind.
    Wait {
        /// Recorded run time.
        run: Duration,
    },
}

impl Tool {
    /// A tool of which nothing is known but how it is called and run.
    pub fn new(name: ToolName, action: ToolAction) -> Self {
        Self {
            name,
            description: String::new(),
            action,
            input_schema: None,
            annotations: Annotations::default(),
            output: OutputKind::Auto,
            timeouts: Timeouts::default(),
            max_parallel: None,
            rate: None,
            write_locks: Vec::new(),
            read_locks: Vec::new(),
            estimate: None,
            origin: None,
        }
    }

    /// JSON Schema of its structured result, where it promises one.
    pub fn output_schema(&self) -> Option<&Value> {
        match &self.action {
            ToolAction::Mcp { output_schema, .. } => output_schema.as_ref(),
            ToolAction::Command { .. } | ToolAction::Http { .. } | ToolAction::Wait { .. } => None,
        }
    }

    /// Returns the calls that its calls may overlap with, for a tool of a server.
    pub fn access(&self) -> Option<Access> {
        match &self.action {
            ToolAction::Mcp { access, .. } => Some(*access),
            ToolAction::Command { .. } | ToolAction::Http { .. } | ToolAction::Wait { .. } => None,
        }
    }

    /// Returns the service that does its work: its server, or the host that it
    /// asks.
    pub fn service(&self) -> Option<Arc<str>> {
        match &self.action {
            ToolAction::Mcp { server, .. } => Some(server.as_str().into()),
            ToolAction::Http { request } => Some(request.authority().into()),
            ToolAction::Command { .. } | ToolAction::Wait { .. } => None,
        }
    }

    /// Whether its calls run on no machine of ours, so that nothing is measured
    /// of them.
    pub fn runs_elsewhere(&self) -> bool {
        matches!(self.action, ToolAction::Http { .. })
    }

    /// Whether asking twice has the effect of asking once, as far as is known.
    pub fn is_repeatable(&self) -> bool {
        let is_by_method = match &self.action {
            ToolAction::Http { request } => request.method.is_idempotent(),
            ToolAction::Command { .. } | ToolAction::Mcp { .. } | ToolAction::Wait { .. } => false,
        };
        is_by_method
            || self.annotations.read_only == Some(true)
            || self.annotations.idempotent == Some(true)
    }
}

/// Content of a tool's standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StdinKind {
    /// Nothing.
    #[default]
    None,
    /// All arguments as one JSON object.
    Json,
}

/// How a tool's standard output becomes its output value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputKind {
    /// JSON if it is one JSON document, else text.
    #[default]
    Auto,
    /// One JSON document; anything else is a failure.
    Json,
    /// Text without its final newline.
    Text,
}
