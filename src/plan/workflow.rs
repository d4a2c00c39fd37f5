//! `WfFormat` 1.5, the format of `WfCommons`: recorded workflows become plans
//! whose calls wait as long as the recorded steps ran.
//!
//! The format is foreign, so keys that mean nothing here are passed over.
//! Source: the `WfFormat` schema, `workflow.specification.tasks[]` with `id`,
//! `name`, `parents` and `children`, `workflow.execution.tasks[]` with `id`
//! and `runtimeInSeconds`, `coreCount` and `memoryInBytes`, which become claims.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::names::mapped;
use super::parsed::{CallSettings, ParsedCall, ParsedEdge, ParsedPlan, Spanned};
use crate::catalogue::document::{Item, Node};
use crate::catalogue::fields::{text, wrong_kind};
use crate::catalogue::findings::Findings;
use crate::catalogue::quantity::LONGEST;
use crate::model::{
    Annotations, CallName, Claims, EdgeKind, OutputKind, Tool, ToolAction, ToolName,
};

/// The one version that is read.
const VERSION: &str = "1.5";

/// Whether a file is of this format.
pub(super) fn is_workflow(root: &Node) -> bool {
    root.get("workflow").is_some() && root.get("call").is_none()
}

/// Reads a workflow; what is wrong with it is reported.
pub(super) fn read(root: &Node, findings: &mut Findings<'_>) -> ParsedPlan {
    check_version(root, findings);
    let steps = steps_of(root, "specification", findings);
    let records = steps_of(root, "execution", findings);
    if steps.is_empty() {
        findings.error(&root.span, "the workflow has no steps");
    }
    let run_times: HashMap<&str, &Node> = records
        .iter()
        .filter_map(|record| Some((record.get("id")?.as_text()?, *record)))
        .collect();
    let ids = Ids::new(&steps);
    let parents = parents(&steps, findings);
    let mut plan = ParsedPlan {
        name: root.get("name").and_then(Node::as_text).map(str::to_owned),
        ..ParsedPlan::default()
    };
    for (step, parents) in steps.iter().zip(parents) {
        let Some(id) = id_of(step, findings) else {
            continue;
        };
        let record = run_times.get(id).copied();
        let run = if records.is_empty() {
            // That no run times are there at all has been reported once.
            Duration::ZERO
        } else {
            run_time(id, step, record, findings)
        };
        let claims = record.map(claims).unwrap_or_default();
        let name = ids.name(id);
        let tool = wait_tool(&name, step, run);
        let after = parents.into_iter().map(|parent| Spanned {
            value: ParsedEdge {
                call: ids.name(parent.value),
                on: EdgeKind::Ok,
            },
            span: parent.span,
        });
        plan.calls
            .push(call(id, &name, step, &tool, after.collect(), claims));
        plan.tools.push(tool);
    }
    plan
}

fn call(
    id: &str,
    name: &str,
    step: &Node,
    tool: &Tool,
    after: Vec<Spanned<ParsedEdge>>,
    claims: Claims,
) -> ParsedCall {
    let span = step.get("id").map_or(&step.span, |node| &node.span).clone();
    ParsedCall {
        name: Some(Spanned {
            value: CallName::new(name),
            span: span.clone(),
        }),
        foreign_name: (name != id).then(|| id.to_owned()),
        tool: Some(Spanned {
            value: tool.name.clone(),
            span: span.clone(),
        }),
        span,
        args: None,
        references: Vec::new(),
        after,
        settings: CallSettings {
            claims,
            ..CallSettings::default()
        },
        is_expected_to_fail: false,
    }
}

/// Returns the cores and the memory that a step had when it was recorded.
fn claims(record: &Node) -> Claims {
    let number = |key: &str| {
        let number = match &record.get(key)?.item {
            Item::Number(number) => number.as_f64()?,
            _ => return None,
        };
        (number.is_finite() && number > 0.0).then_some(number)
    };
    Claims {
        cpus: number("coreCount"),
        memory_bytes: number("memoryInBytes").map(|bytes| bytes as u64),
    }
}

fn check_version(root: &Node, findings: &mut Findings<'_>) {
    match root.get("schemaVersion") {
        Some(node) if node.as_text() == Some(VERSION) => {}
        Some(node) => {
            let message = format!("of WfFormat only version {VERSION} is read");
            findings.error(&node.span, message);
        }
        None => {
            let message = format!("a workflow needs `schemaVersion`, which must be \"{VERSION}\"");
            findings.error(&root.span, message);
        }
    }
}

/// The elements of `workflow.<part>.tasks`.
fn steps_of<'n>(root: &'n Node, part: &str, findings: &mut Findings<'_>) -> Vec<&'n Node> {
    let found = root.get("workflow").and_then(|workflow| workflow.get(part));
    let Some(node) = found.and_then(|part| part.get("tasks")) else {
        let message = format!("a workflow needs `workflow.{part}.tasks`");
        findings.error(&found.unwrap_or(root).span, message);
        return Vec::new();
    };
    if let Item::List(items) = &node.item {
        return items.iter().collect();
    }
    wrong_kind(node, "an array", findings);
    Vec::new()
}

fn id_of<'n>(step: &'n Node, findings: &mut Findings<'_>) -> Option<&'n str> {
    if let Some(id) = step.get("id") {
        return text(id, findings);
    }
    findings.error(&step.span, "it has no `id`");
    None
}

/// The parents of each step: those it names, and those that name it a child.
fn parents<'n>(steps: &[&'n Node], findings: &mut Findings<'_>) -> Vec<Vec<Spanned<&'n str>>> {
    let mut places = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        if let Some(id) = step.get("id").and_then(Node::as_text) {
            places.entry(id).or_insert(at);
        }
    }
    let mut parents: Vec<Vec<Spanned<&str>>> = vec![Vec::new(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        parents[at].extend(named(step, "parents", findings));
    }
    let mut seen: Vec<HashSet<&str>> = parents
        .iter()
        .map(|above| above.iter().map(|parent| parent.value).collect())
        .collect();
    for step in steps {
        let Some(id) = step.get("id").and_then(Node::as_text) else {
            continue;
        };
        for child in named(step, "children", findings) {
            let Some(at) = places.get(child.value).copied() else {
                let message = format!("there is no step `{}`", child.value);
                findings.error(&child.span, message);
                continue;
            };
            if seen[at].insert(id) {
                let span = child.span;
                parents[at].push(Spanned { value: id, span });
            }
        }
    }
    parents
}

fn named<'n>(step: &'n Node, key: &str, findings: &mut Findings<'_>) -> Vec<Spanned<&'n str>> {
    let Some(node) = step.get(key) else {
        return Vec::new();
    };
    let Item::List(items) = &node.item else {
        wrong_kind(node, "an array of ids", findings);
        return Vec::new();
    };
    let ids = items.iter().filter_map(|item| {
        Some(Spanned {
            value: text(item, findings)?,
            span: item.span.clone(),
        })
    });
    ids.collect()
}

fn run_time(id: &str, step: &Node, record: Option<&Node>, findings: &mut Findings<'_>) -> Duration {
    let Some(node) = record.and_then(|record| record.get("runtimeInSeconds")) else {
        let at = record.unwrap_or(step);
        findings.error(&at.span, format!("no run time is recorded of `{id}`"));
        return Duration::ZERO;
    };
    let seconds = match &node.item {
        Item::Number(number) => number.as_f64(),
        _ => None,
    };
    let run = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let problem = match run {
        Some(run) if run <= LONGEST => return run,
        Some(_) => "longer than a year",
        None => "not a number of seconds",
    };
    findings.error(&node.span, problem);
    Duration::ZERO
}

/// The tool that waits as long as one recorded step ran: one for each call. Its
/// name has a prefix, so that it is no tool of a catalogue.
fn wait_tool(name: &str, step: &Node, run: Duration) -> Tool {
    let program = step.get("name").and_then(Node::as_text).unwrap_or(name);
    let name = ToolName::new(format!("wait.{name}"));
    Tool {
        description: format!("waits as long as the recorded `{program}` ran"),
        annotations: Annotations {
            read_only: Some(true),
            ..Annotations::default()
        },
        output: OutputKind::Text,
        estimate: Some(run),
        ..Tool::new(name, ToolAction::Wait { run })
    }
}

/// Foreign ids as ids of calls. Two that would become the same are made distinct
/// by a number.
struct Ids<'n> {
    names: HashMap<&'n str, String>,
}

impl<'n> Ids<'n> {
    fn new(steps: &[&'n Node]) -> Self {
        let ids = steps.iter().filter_map(|step| step.get("id")?.as_text());
        let mut names = HashMap::new();
        let mut taken = HashSet::new();
        for id in ids {
            if names.contains_key(id) {
                continue;
            }
            let plain = mapped(id);
            let mut name = plain.clone();
            let mut number = 1;
            while !taken.insert(name.clone()) {
                number += 1;
                name = format!("{plain}-{number}");
            }
            names.insert(id, name);
        }
        Self { names }
    }

    /// The call's id; an unknown one as it is, to be reported as unknown.
    fn name(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}
