//! Checks that the ids of calls are unique, and generates missing ones.

use std::collections::HashMap;

use super::parsed::ParsedCall;
use crate::catalogue::findings::Findings;
use crate::model::{CallId, CallName, ToolName};

/// Every call of a plan by its id.
pub(super) type CallIds = HashMap<CallName, CallId>;

/// Returns the id of each call, and the calls by their ids. Of two calls with
/// the same id the first keeps it.
pub(super) fn assign(
    calls: &[ParsedCall],
    findings: &mut Findings<'_>,
) -> (Vec<CallName>, CallIds) {
    let mut names = CallIds::with_capacity(calls.len());
    for (index, call) in calls.iter().enumerate() {
        let Some(name) = &call.name else { continue };
        let Some(first) = names.get(&name.value) else {
            names.insert(name.value.clone(), CallId::from_index(index));
            continue;
        };
        let earlier = calls[first.index()].name.as_ref();
        let line = earlier.map_or(0, |at| findings.source().position(at.span.start).line);
        let problem = findings
            .at(
                &name.span,
                format!("there is a call `{}` already", name.value),
            )
            .with_help(format!("it stands in line {line}; ids must differ"));
        findings.push(problem);
    }
    let mut counts = HashMap::new();
    let mut in_order = Vec::with_capacity(calls.len());
    for (index, call) in calls.iter().enumerate() {
        let name = call.name.as_ref().map(|at| at.value.clone());
        in_order.push(name.unwrap_or_else(|| {
            let tool = call.tool.as_ref().map(|at| &at.value);
            let name = generate(tool, &mut counts, |name| names.contains_key(name));
            names.insert(name.clone(), CallId::from_index(index));
            name
        }));
    }
    (in_order, names)
}

/// Generates an id: the tool's name with the first `-N` that is free.
pub(super) fn generate(
    tool: Option<&ToolName>,
    counts: &mut HashMap<String, u32>,
    is_taken: impl Fn(&CallName) -> bool,
) -> CallName {
    let stem = mapped(tool.map_or("call", ToolName::as_str));
    let count = counts.entry(stem.clone()).or_insert(0);
    loop {
        *count += 1;
        let name = CallName::new(format!("{stem}-{count}"));
        if !is_taken(&name) {
            return name;
        }
    }
}

/// Turns a foreign name into an id: other characters become `-`.
pub(super) fn mapped(foreign: &str) -> String {
    let plain = foreign.chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => letter,
        _ => '-',
    });
    let name: String = plain.collect();
    if name.is_empty() {
        "-".to_owned()
    } else {
        name
    }
}
