//! A plan as it stands in its file: names are names yet, not numbers.

use std::ops::Range;
use std::time::Duration;

use super::reference::Reference;
use crate::catalogue::document::Node;
use crate::model::{CallName, Cap, Claims, EdgeKind, FailurePolicy, LockSet, Tool, ToolName};

/// Something and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// What one plan file says.
#[derive(Debug, Clone, Default)]
pub(super) struct ParsedPlan {
    pub(super) name: Option<String>,
    pub(super) cap: Option<Cap>,
    pub(super) on_failure: Option<FailurePolicy>,
    pub(super) calls: Vec<ParsedCall>,
    /// What may differ in the output of every call.
    pub(super) ignore: Vec<String>,
    /// Tools that the file brings along: a foreign file's waits.
    pub(super) tools: Vec<Tool>,
}

/// What a plan says of one call.
#[derive(Debug, Clone)]
pub(super) struct ParsedCall {
    /// Where the call stands.
    pub(super) span: Range<usize>,
    pub(super) name: Option<Spanned<CallName>>,
    pub(super) foreign_name: Option<String>,
    /// `None` where it is missing or malformed, which has been reported.
    pub(super) tool: Option<Spanned<ToolName>>,
    pub(super) args: Option<Node>,
    pub(super) references: Vec<Spanned<Reference>>,
    pub(super) after: Vec<Spanned<ParsedEdge>>,
    pub(super) settings: Settings,
    pub(super) is_expected_to_fail: bool,
}

/// One element of `after`.
#[derive(Debug, Clone)]
pub(super) struct ParsedEdge {
    pub(super) call: String,
    pub(super) on: EdgeKind,
}

/// The keys of a call that concern no other call.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) priority: i32,
    pub(super) group: Option<String>,
    pub(super) start_after: Option<Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) queue_timeout: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) grace: Option<Duration>,
    pub(super) retries: u32,
    pub(super) locks: LockSet,
    pub(super) claims: Claims,
    pub(super) estimate: Option<Duration>,
    pub(super) is_verify: bool,
    pub(super) ignore: Vec<String>,
}
