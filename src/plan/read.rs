//! The top of a plan file.

use super::parsed::{ParsedCall, ParsedPlan};
use super::read_call::{ignored, read_call};
use crate::catalogue::document::{Item, Node};
use crate::catalogue::fields::{Fields, choice, text, wrong_kind};
use crate::catalogue::findings::Findings;
use crate::model::{Cap, FailurePolicy};

const FAILURE_POLICIES: [(&str, FailurePolicy); 3] = [
    ("skip", FailurePolicy::Skip),
    ("continue", FailurePolicy::Continue),
    ("stop", FailurePolicy::Stop),
];

/// Reads a plan; what is wrong with it is reported, the rest is returned.
pub(super) fn read(root: &Node, findings: &mut Findings<'_>) -> ParsedPlan {
    let Some(mut fields) = Fields::of(root, "a plan", findings) else {
        return ParsedPlan::default();
    };
    fields.take("$schema");
    let plan = ParsedPlan {
        name: fields.read("name", findings, text).map(str::to_owned),
        cap: fields.read("cap", findings, cap),
        on_failure: fields.read("on_failure", findings, |node, findings| {
            choice(node, &FAILURE_POLICIES, findings)
        }),
        ignore: ignored(&mut fields, findings),
        calls: calls(&mut fields, root, findings),
        tools: Vec::new(),
    };
    fields.finish(findings);
    plan
}

fn calls(fields: &mut Fields<'_>, root: &Node, findings: &mut Findings<'_>) -> Vec<ParsedCall> {
    let node = fields.take("call");
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

/// A cap; what is larger than the highest cap is clamped to it.
fn cap(node: &Node, findings: &mut Findings<'_>) -> Option<Cap> {
    let Item::Number(number) = &node.item else {
        wrong_kind(node, "a number of lanes", findings);
        return None;
    };
    let lanes = number.as_u64();
    let cap = Cap::new(lanes.map_or(0, |lanes| u32::try_from(lanes).unwrap_or(u32::MAX)));
    if cap.is_none() {
        let message = format!("the cap is {number}, and must be a whole number from 1");
        let problem = findings.at(&node.span, message).with_help(format!(
            "1 runs one call after another; {} is the most",
            Cap::MAX
        ));
        findings.push(problem);
    }
    if lanes.is_some_and(|lanes| lanes > u64::from(Cap::MAX)) {
        let message = format!("the cap is {number}; {} is taken, the most", Cap::MAX);
        findings.warn(&node.span, message);
    }
    cap
}
