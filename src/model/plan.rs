//! A plan: a set of calls with dependencies.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Call, CallId, Cap, FailurePolicy};

/// A checked plan: every id is known, the graph has no cycle and every
/// argument that is known before the run fits its tool.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Name given in the plan, else the name of its file.
    pub name: String,
    /// The cap it asks for; the command line wins.
    pub cap: Option<Cap>,
    /// The failure policy it asks for; the command line wins.
    pub on_failure: Option<FailurePolicy>,
    /// Its calls, shared with the rows of its runs; the call at index `i` has
    /// `CallId::from_index(i)`.
    pub calls: Vec<Arc<Call>>,
    /// How calls are expected to end where that is not a success: the names of
    /// calls that are planned to fail.
    pub expected_failures: Vec<super::CallName>,
}

impl Plan {
    /// Returns the calls that are planned to fail, and those that depend on
    /// them, directly or not.
    pub fn planned_endings(&self) -> BTreeSet<CallId> {
        let is_root = |call: &&Arc<Call>| self.expected_failures.contains(&call.name);
        let mut reached: BTreeSet<CallId> =
            self.calls.iter().filter(is_root).map(|it| it.id).collect();
        loop {
            let before = reached.len();
            for call in &self.calls {
                if call.after.iter().any(|edge| reached.contains(&edge.call)) {
                    reached.insert(call.id);
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }
}
