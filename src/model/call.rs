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
    /// Whether it reads the final state back: it runs after all others.
    pub is_verify: bool,
    /// JSON pointers (RFC 6901) into its output at what may differ from run to
    /// run; the empty one is the whole output.
    pub ignore: Vec<String>,
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
            is_verify: false,
            ignore: Vec::new(),
            origin: CallOrigin::Plan,
        }
    }
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
