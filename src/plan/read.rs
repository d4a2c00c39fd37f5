//! Reading a plan file: each key by its row in the tables.

use super::keys::{CALL, CALLS, PLAN};
use super::parsed::{ParsedCall, ParsedPlan};
use crate::catalogue::document::{Item, Node};
use crate::catalogue::fields::{Fields, wrong_kind};
use crate::catalogue::findings::Findings;
use crate::catalogue::keys::read_rows;

/// Reads a plan; what is wrong with it is reported, the rest is returned.
pub(super) fn read(root: &Node, findings: &mut Findings<'_>) -> ParsedPlan {
    let mut plan = ParsedPlan::default();
    let Some(mut fields) = Fields::of(root, "a plan", findings) else {
        return plan;
    };
    fields.take("$schema");
    read_rows(PLAN, &mut fields, &mut plan, findings);
    plan.calls = calls(&mut fields, root, findings);
    fields.finish(findings);
    plan
}

fn calls(fields: &mut Fields<'_>, root: &Node, findings: &mut Findings<'_>) -> Vec<ParsedCall> {
    let node = fields.take(CALLS.name);
    let items = match node.map(|node| &node.item) {
        Some(Item::List(items)) => items.as_slice(),
        Some(_) => {
            let found = node.unwrap_or(root);
            wrong_kind(found, "an array of calls (`[[call]]`)", findings);
            return Vec::new();
        }
        None => &[],
    };
    if items.is_empty() {
        let start = node.map_or(0..0, |node| node.span.clone());
        let problem = findings
            .at(&start, "the plan has no calls")
            .with_help("a call is written `[[call]]`, then `tool = \"…\"`");
        findings.push(problem);
    }
    let calls = items.iter();
    calls.filter_map(|node| read_call(node, findings)).collect()
}

/// Reads a call; `None` where it is not even a table.
fn read_call(node: &Node, findings: &mut Findings<'_>) -> Option<ParsedCall> {
    let mut fields = Fields::of(node, "a call", findings)?;
    let mut call = ParsedCall {
        span: node.span.clone(),
        ..ParsedCall::default()
    };
    read_rows(CALL, &mut fields, &mut call, findings);
    fields.finish(findings);
    Some(call)
}
