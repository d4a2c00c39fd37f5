//! The figures of a plan that `fanout check` prints.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::graph::depth;
use super::{Loaded, references};
use crate::catalogue::Problems;
use crate::model::{Cap, Edge, FailurePolicy, ToolAction, ToolName};

/// Figures of a plan's graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The plan's name.
    pub name: String,
    /// The cap it asks for.
    pub cap: Option<Cap>,
    /// The failure policy it asks for.
    pub on_failure: Option<FailurePolicy>,
    /// Number of calls.
    pub calls: usize,
    /// Number of dependencies between two calls.
    pub edges: usize,
    /// Number of references to outputs.
    pub references: usize,
    /// Number of calls on the longest chain of dependencies.
    pub depth: usize,
    /// Number of calls that wait for no other.
    pub roots: usize,
    /// Number of calls of each tool. The waits of a recorded workflow, a tool
    /// for each call, are counted together as `wait`.
    pub tools: BTreeMap<ToolName, usize>,
    /// Number of calls that are planned to fail.
    pub expected_failures: usize,
    /// Warnings.
    pub warnings: Problems,
}

/// Counts the figures of a loaded plan.
pub fn check(loaded: &Loaded) -> Summary {
    let plan = &loaded.plan;
    let edges: Vec<Vec<Edge>> = plan.calls.iter().map(|call| call.after.clone()).collect();
    let mut tools = BTreeMap::new();
    let waits = loaded.extra_tools.iter();
    let waits = waits.filter(|tool| matches!(tool.action, ToolAction::Wait { .. }));
    let waits: HashSet<&ToolName> = waits.map(|tool| &tool.name).collect();
    for call in &plan.calls {
        let tool = if waits.contains(&call.tool) {
            ToolName::new("wait")
        } else {
            call.tool.clone()
        };
        *tools.entry(tool).or_insert(0) += 1;
    }
    let of_call = plan.calls.iter().map(|call| references(&call.args).len());
    Summary {
        name: plan.name.clone(),
        cap: plan.cap,
        on_failure: plan.on_failure,
        calls: plan.calls.len(),
        edges: edges.iter().map(Vec::len).sum(),
        references: of_call.sum(),
        depth: depth(&edges),
        roots: edges.iter().filter(|above| above.is_empty()).count(),
        tools,
        expected_failures: plan.expected_failures.len(),
        warnings: loaded.warnings.clone(),
    }
}
