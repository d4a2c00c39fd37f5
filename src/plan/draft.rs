//! A call that is added while a run is on: checked like one of the plan.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::assemble::fill_from_tool;
use super::graph::add_edge;
use super::written::Settings;
use super::{is_call_name, names, reference, references};
use crate::catalogue::Catalogue;
use crate::model::{Call, CallId, CallName, Claims, Edge, EdgeKind, LockSet, Timeouts, ToolName};

/// A call as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its id; generated where `None`.
    pub name: Option<CallName>,
    /// The tool.
    pub tool: ToolName,
    /// The arguments; may hold references to calls of the run.
    pub args: Value,
    /// Edges beyond those its references make.
    pub after: Vec<Edge>,
    /// Higher runs first.
    pub priority: i32,
    /// Limits on its time; `None` takes the tool's.
    pub timeouts: Option<Timeouts>,
    /// Extra attempts.
    pub retries: u32,
}

/// Checks a draft against the calls there are, and makes it the next one.
/// Everything that is wrong with it is returned.
pub fn admit(
    draft: Draft,
    calls: &BTreeMap<CallName, CallId>,
    catalogue: &Catalogue,
) -> Result<Call, Vec<String>> {
    let mut wrong = Vec::new();
    let name = draft.name.unwrap_or_else(|| {
        let is_taken = |name: &CallName| calls.contains_key(name);
        names::generate(Some(&draft.tool), &mut HashMap::new(), is_taken)
    });
    check_name(&name, calls, &mut wrong);
    check_arguments(&draft.tool, &draft.args, catalogue, &mut wrong);
    let mut after = Vec::new();
    for reference in references(&draft.args) {
        match calls.get(&reference.call) {
            Some(call) => add_edge(
                &mut after,
                Edge {
                    call: *call,
                    on: EdgeKind::Output,
                },
            ),
            None => wrong.push(format!("`{reference}`: there is no such call")),
        }
    }
    for edge in draft.after {
        if edge.call.index() < calls.len() {
            add_edge(&mut after, edge);
        } else {
            wrong.push(format!("there is no call {}", edge.call));
        }
    }
    let Some(tool) = catalogue.get(&draft.tool).filter(|_| wrong.is_empty()) else {
        return Err(wrong);
    };
    let mut call = Call {
        id: CallId::from_index(calls.len()),
        name,
        foreign_name: None,
        tool: draft.tool,
        args: draft.args,
        after,
        priority: draft.priority,
        group: None,
        start_after: None,
        timeouts: Timeouts::default(),
        retries: draft.retries,
        locks: LockSet::default(),
        claims: Claims::default(),
        estimate: None,
        is_cacheable: false,
    };
    fill_from_tool(&mut call, Settings::default(), tool);
    call.timeouts = draft.timeouts.unwrap_or(call.timeouts);
    Ok(call)
}

fn check_name(name: &CallName, calls: &BTreeMap<CallName, CallId>, wrong: &mut Vec<String>) {
    if !is_call_name(name.as_str()) {
        wrong.push(format!("{:?} cannot be the id of a call", name.as_str()));
    }
    if calls.contains_key(name) {
        wrong.push(format!("there is a call `{name}` already"));
    }
}

fn check_arguments(tool: &ToolName, args: &Value, catalogue: &Catalogue, wrong: &mut Vec<String>) {
    if catalogue.get(tool).is_none() {
        wrong.push(match catalogue.suggest(tool.as_str()) {
            Some(near) => format!("there is no tool `{tool}`; did you mean `{near}`?"),
            None => format!("there is no tool `{tool}`"),
        });
        return;
    }
    let count = wrong.len();
    reference::malformed(args, &mut |error| wrong.push(error.to_string()));
    if wrong.len() > count {
        return;
    }
    let problems = super::arguments::problems(tool, args, catalogue);
    wrong.extend(problems.iter().map(ToString::to_string));
}
