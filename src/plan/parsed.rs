//! A plan as its file has it: calls are known by name, not yet by number.

use std::ops::Range;
use std::time::Duration;

use super::reference::Reference;
use crate::catalogue::document::Node;
use crate::model::{
    CallName, Cap, Claims, ComparisonRules, EdgeKind, FailurePolicy, IgnoredPart, LockSet, Tool,
    ToolName,
};

/// A value with its span in the file.
#[derive(Debug, Clone)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// Content of one plan file.
#[derive(Debug, Clone, Default)]
pub(super) struct ParsedPlan {
    pub(super) name: Option<String>,
    pub(super) cap: Option<Cap>,
    pub(super) on_failure: Option<FailurePolicy>,
    pub(super) calls: Vec<ParsedCall>,
    /// Parts of every output that may differ from run to run.
    pub(super) ignore: Vec<IgnoredPart>,
    /// Tools that the file defines itself: the waits of a foreign file.
    pub(super) tools: Vec<Tool>,
}

/// One call of a plan file.
#[derive(Debug, Clone, Default)]
pub(super) struct ParsedCall {
    /// Span of the whole call.
    pub(super) span: Range<usize>,
    pub(super) name: Option<Spanned<CallName>>,
    pub(super) foreign_name: Option<String>,
    /// `None` where it is missing or malformed, which has been reported.
    pub(super) tool: Option<Spanned<ToolName>>,
    pub(super) args: Option<Node>,
    pub(super) references: Vec<Spanned<Reference>>,
    pub(super) after: Vec<Spanned<ParsedEdge>>,
    pub(super) settings: CallSettings,
    pub(super) is_expected_to_fail: bool,
}

/// One element of `after`.
#[derive(Debug, Clone)]
pub(super) struct ParsedEdge {
    pub(super) call: String,
    pub(super) on: EdgeKind,
}

/// Keys of a call that concern no other call; `None` takes what its tool says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallSettings {
    /// Higher starts first.
    pub priority: i32,
    /// Calls of one group share lanes fairly with other groups.
    pub group: Option<String>,
    /// Earliest start, as a time of the run.
    pub start_after: Option<Duration>,
    /// Longest run time of one attempt.
    pub timeout: Option<Duration>,
    /// Longest time from being ready to the first start.
    pub queue_timeout: Option<Duration>,
    /// Longest time without output.
    pub idle_timeout: Option<Duration>,
    /// Time between the soft stop and the hard one.
    pub grace: Option<Duration>,
    /// Further attempts after a failure or a timeout.
    pub retries: u32,
    /// Locks beside those of the tool.
    pub locks: LockSet,
    /// Cores and memory that it needs.
    pub claims: Claims,
    /// Expected run time.
    pub estimate: Option<Duration>,
    /// Whether it runs before all calls without.
    pub is_reset: bool,
    /// Whether it runs after all calls without.
    pub is_verify: bool,
    /// How its outputs are compared.
    pub comparison: ComparisonRules,
}
