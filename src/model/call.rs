//! A call: one request to run a tool with arguments.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CallId, CallName, LockSet, ToolName};

/// Run time that a call is assumed to take when nothing is known of it.
pub const UNKNOWN_RUN_TIME: Duration = Duration::from_secs(1);

/// One request to run a tool. Everything optional that the plan left out has
/// been filled from the tool's manifest and the contract's defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Number within the run.
    pub id: CallId,
    /// The id the plan gave, or a generated one (the tool's name with `-N`).
    pub name: CallName,
    /// The id as a foreign file wrote it, where it had to be mapped.
    pub foreign_name: Option<String>,
    /// The tool to run.
    pub tool: ToolName,
    /// The arguments as written, references unresolved; always a JSON object.
    pub args: Arc<Value>,
    /// Whether the arguments are what another call was run with: nothing in them
    /// is a reference.
    #[serde(default)]
    pub are_args_final: bool,
    /// Edges to the calls this one waits for; references included.
    pub after: Vec<Edge>,
    /// Higher runs first; 0 by default.
    pub priority: i32,
    /// Calls of one group share fairly with other groups.
    pub group: Option<String>,
    /// Not before this time of the run.
    pub start_after: Option<Duration>,
    /// The limits on its time.
    pub timeouts: Timeouts,
    /// Extra attempts after a failure or timeout.
    pub retries: u32,
    /// Locks, as far as they are known before its arguments are resolved.
    pub locks: LockSet,
    /// Resources it claims of the machine.
    pub claims: Claims,
    /// Expected run time.
    pub estimate: Option<Duration>,
    /// Whether it sets the state back: it runs before all others.
    #[serde(default)]
    pub is_reset: bool,
    /// Whether it reads the final state back: it runs after all others.
    pub is_verify: bool,
    /// How its outputs are compared.
    #[serde(flatten)]
    pub comparison: ComparisonRules,
    /// Author of its arguments; shown, and without effect on a run.
    #[serde(skip)]
    pub origin: CallOrigin,
}

impl Call {
    /// A call with nothing but what every call has; the rest as the contract
    /// has it by default.
    pub fn new(id: CallId, name: CallName, tool: ToolName, args: impl Into<Arc<Value>>) -> Self {
        Self {
            id,
            name,
            foreign_name: None,
            tool,
            args: args.into(),
            are_args_final: false,
            after: Vec::new(),
            priority: 0,
            group: None,
            start_after: None,
            timeouts: Timeouts::default(),
            retries: 0,
            locks: LockSet::default(),
            claims: Claims::default(),
            estimate: None,
            is_reset: false,
            is_verify: false,
            comparison: ComparisonRules::default(),
            origin: CallOrigin::Plan,
        }
    }

    /// Whether experiments measure it: not where it only sets the state back or
    /// reads it.
    pub fn is_measured(&self) -> bool {
        !self.is_reset && !self.is_verify
    }
}

/// How the outputs of a call's runs are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparisonRules {
    /// Parts that may differ from run to run.
    pub ignore: Vec<IgnoredPart>,
    /// Whether the order of its lines may differ.
    #[serde(default)]
    pub is_any_order: bool,
}

/// A part of an output that may differ from run to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IgnoredPart {
    /// The value at a JSON pointer (RFC 6901); the empty one is the whole output.
    Pointer(String),
    /// Every match in a text.
    Matches {
        /// A regular expression in the syntax of the `regex` crate.
        regex: String,
    },
}

/// Author of a call's arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallOrigin {
    /// The plan.
    #[default]
    Plan,
    /// The user, while the run is on.
    User,
    /// The call that runs again as this one, with the same arguments.
    Again(CallId),
    /// The user, beginning with the arguments of another call.
    Changed(CallId),
    /// An agent at work.
    Agent,
    /// A load, of which it is one of many.
    Load,
}

/// One edge of the plan's graph, pointing at the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edge {
    /// The parent: the call that is waited for.
    pub call: CallId,
    /// Condition on the parent.
    pub on: EdgeKind,
}

/// Condition of an edge on its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EdgeKind {
    /// The parent must have succeeded.
    #[default]
    Ok,
    /// The parent must have ended, whatever its outcome.
    Done,
    /// The parent's output is an argument: it must have succeeded, also under
    /// the `continue` failure policy.
    Output,
}

/// The limits on one call's time. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timeouts {
    /// Run time of one attempt.
    pub run: Option<Duration>,
    /// Time between being ready (every parent ended) and the first start.
    pub queue: Option<Duration>,
    /// Time without any output.
    pub idle: Option<Duration>,
    /// Between the soft stop and the hard one; 0 is at once.
    pub grace: Duration,
}

impl Timeouts {
    /// The grace of the contract: 5 s.
    pub const DEFAULT_GRACE: Duration = Duration::from_secs(5);
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            run: None,
            queue: None,
            idle: None,
            grace: Self::DEFAULT_GRACE,
        }
    }
}

/// Resources that a call claims while it runs. `None` claims nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Claims {
    /// Cores.
    pub cpus: Option<f64>,
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
}
