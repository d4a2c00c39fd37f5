//! One `[[call]]` of a plan file.

use std::ops::Range;

use super::parsed::{ParsedCall, ParsedEdge, Settings, Spanned};
use super::reference::{Reference, in_text, is_call_name};
use crate::catalogue::document::{Item, Node};
use crate::catalogue::fields::{
    Fields, boolean, choice, duration, list, some_time, text, whole, wrong_kind,
};
use crate::catalogue::findings::Findings;
use crate::catalogue::quantity::parse_bytes;
use crate::model::{CallName, Claims, EdgeKind, LockKey, LockSet, ToolName};

const EDGE_KINDS: [(&str, EdgeKind); 2] = [("ok", EdgeKind::Ok), ("done", EdgeKind::Done)];

/// Most extra attempts.
const MOST_RETRIES: i64 = 1000;

/// Reads a call; `None` where it is not even a table.
pub(super) fn read_call(node: &Node, findings: &mut Findings<'_>) -> Option<ParsedCall> {
    let mut fields = Fields::of(node, "a call", findings)?;
    let name = fields.read("id", findings, call_name);
    let tool = fields.need("tool", findings);
    let tool = tool.and_then(|node| {
        let name = text(node, findings)?;
        Some(Spanned {
            value: ToolName::new(name),
            span: node.span.clone(),
        })
    });
    let args = fields.take("args");
    let mut references = Vec::new();
    if let Some(args) = args {
        if args.as_table().is_none() {
            wrong_kind(args, "a table of arguments", findings);
        }
        collect(args, findings, &mut references);
    }
    let after = fields.read("after", findings, |node, findings| {
        list(node, findings, edge)
    });
    let settings = settings(&mut fields, findings);
    let expected = fields.read("expect", findings, |node, findings| {
        choice(node, &[("failed", ())], findings)
    });
    fields.finish(findings);
    Some(ParsedCall {
        span: node.span.clone(),
        name,
        foreign_name: None,
        tool,
        args: args.filter(|args| args.as_table().is_some()).cloned(),
        references,
        after: after.unwrap_or_default(),
        settings,
        is_expected_to_fail: expected.is_some(),
    })
}

fn call_name(node: &Node, findings: &mut Findings<'_>) -> Option<Spanned<CallName>> {
    let name = text(node, findings)?;
    if !is_call_name(name) {
        let problem = findings
            .at(&node.span, format!("{name:?} cannot be the id of a call"))
            .with_help("ids are of letters, digits, `_` and `-`");
        findings.push(problem);
        return None;
    }
    Some(Spanned {
        value: CallName::new(name),
        span: node.span.clone(),
    })
}

/// The references in the arguments, each at its own place where that can be
/// told from the text of the file.
fn collect(node: &Node, findings: &mut Findings<'_>, found: &mut Vec<Spanned<Reference>>) {
    match &node.item {
        Item::Text(text) => match in_text(text) {
            Ok(references) => {
                let mut spans = ReferenceSpans::new(node, findings);
                found.extend(references.into_iter().map(|value| Spanned {
                    span: spans.next(&value),
                    value,
                }));
            }
            Err(error) => {
                let problem = findings
                    .at(&node.span, error.to_string())
                    .with_help("a reference is written `{{id.output}}` or `{{id.output.key.0}}`, a literal `{{` is `{{{{`");
                findings.push(problem);
            }
        },
        Item::List(items) => {
            for item in items {
                collect(item, findings, found);
            }
        }
        Item::Table(entries) => {
            for entry in entries {
                collect(&entry.node, findings, found);
            }
        }
        Item::Null | Item::Bool(_) | Item::Number(_) | Item::Unusable => {}
    }
}

/// Where the references of one string stand in the text of the file.
struct ReferenceSpans<'s> {
    string: Range<usize>,
    /// What has not been passed yet; empty once one was not found, since
    /// escapes then stand in the way.
    rest: &'s str,
}

impl<'s> ReferenceSpans<'s> {
    fn new(node: &Node, findings: &Findings<'s>) -> Self {
        let text = findings.source().text().get(node.span.clone());
        Self {
            string: node.span.clone(),
            rest: text.unwrap_or_default(),
        }
    }

    fn next(&mut self, reference: &Reference) -> Range<usize> {
        let written = reference.to_string();
        let Some((_, after)) = self.rest.split_once(&written) else {
            self.rest = "";
            return self.string.clone();
        };
        self.rest = after;
        let end = self.string.end - after.len();
        end - written.len()..end
    }
}

/// `"x"`, or `{ call = "x", on = "done" }`.
fn edge(node: &Node, findings: &mut Findings<'_>) -> Option<Spanned<ParsedEdge>> {
    let span = node.span.clone();
    if node.as_table().is_none() {
        let Some(call) = node.as_text() else {
            wrong_kind(node, "an id, or a table of `call` and `on`", findings);
            return None;
        };
        let (call, on) = (call.to_owned(), EdgeKind::Ok);
        return Some(Spanned {
            value: ParsedEdge { call, on },
            span,
        });
    }
    let mut fields = Fields::of(node, "an element of `after`", findings)?;
    let call = fields.need("call", findings);
    let on = fields.read("on", findings, |node, findings| {
        choice(node, &EDGE_KINDS, findings)
    });
    fields.finish(findings);
    let call = call.and_then(|node| text(node, findings))?.to_owned();
    let on = on.unwrap_or_default();
    Some(Spanned {
        value: ParsedEdge { call, on },
        span,
    })
}

fn settings(fields: &mut Fields<'_>, findings: &mut Findings<'_>) -> Settings {
    let priority = fields.read("priority", findings, |node, findings| {
        whole(node, i64::from(i32::MIN)..=i64::from(i32::MAX), findings)
    });
    let retries = fields.read("retries", findings, |node, findings| {
        whole(node, 0..=MOST_RETRIES, findings)
    });
    Settings {
        priority: priority.and_then(|n| i32::try_from(n).ok()).unwrap_or(0),
        group: fields.read("group", findings, text).map(str::to_owned),
        start_after: fields.read("start_after", findings, duration),
        timeout: fields.read("timeout", findings, some_time),
        queue_timeout: fields.read("queue_timeout", findings, some_time),
        idle_timeout: fields.read("idle_timeout", findings, some_time),
        grace: fields.read("grace", findings, duration),
        retries: retries.and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        locks: fields.read("locks", findings, locks).unwrap_or_default(),
        claims: Claims {
            cpus: fields.read("cpus", findings, cores),
            memory_bytes: fields.read("memory", findings, bytes),
        },
        estimate: fields.read("estimate", findings, duration),
        is_verify: fields.read("verify", findings, boolean).unwrap_or_default(),
        ignore: ignored(fields, findings),
    }
}

/// JSON pointers at what may differ from run to run.
pub(super) fn ignored(fields: &mut Fields<'_>, findings: &mut Findings<'_>) -> Vec<String> {
    let pointers = fields.read("ignore", findings, |node, findings| {
        list(node, findings, pointer)
    });
    pointers.unwrap_or_default()
}

fn pointer(node: &Node, findings: &mut Findings<'_>) -> Option<String> {
    let written = text(node, findings)?;
    if !written.is_empty() && !written.starts_with('/') {
        let problem = findings
            .at(&node.span, format!("{written:?} is no JSON pointer"))
            .with_help("a pointer starts with `/`, such as \"/took_ms\"; \"\" is the whole output");
        findings.push(problem);
        return None;
    }
    Some(written.to_owned())
}

fn locks(node: &Node, findings: &mut Findings<'_>) -> Option<LockSet> {
    let mut fields = Fields::of(node, "locks", findings)?;
    let mut keys = |key| fields.read(key, findings, |node, findings| list(node, findings, lock));
    let (write, read) = (keys("write"), keys("read"));
    fields.finish(findings);
    Some(LockSet {
        write: write.unwrap_or_default(),
        read: read.unwrap_or_default(),
    })
}

fn lock(node: &Node, findings: &mut Findings<'_>) -> Option<LockKey> {
    let name = text(node, findings)?;
    if name.trim().is_empty() || name == LockKey::FILE {
        findings.error(&node.span, "a lock needs a name");
        return None;
    }
    if name.contains("{{") {
        let problem = findings
            .at(&node.span, "references are filled in `args` only")
            .with_help("a lock that depends on an argument belongs to the tool's `locks`");
        findings.push(problem);
        return None;
    }
    Some(LockKey::new(name))
}

fn cores(node: &Node, findings: &mut Findings<'_>) -> Option<f64> {
    let cores = match &node.item {
        Item::Number(number) => number.as_f64(),
        _ => None,
    };
    let cores = cores.filter(|cores| *cores > 0.0 && cores.is_finite());
    if cores.is_none() {
        findings.error(&node.span, "expected a number of cores of more than 0");
    }
    cores
}

fn bytes(node: &Node, findings: &mut Findings<'_>) -> Option<u64> {
    let written = text(node, findings)?;
    match parse_bytes(written) {
        Ok(0) => {
            findings.error(&node.span, "must be more than 0");
            None
        }
        Ok(bytes) => Some(bytes),
        Err(problem) => {
            findings.error(&node.span, format!("{written:?} is {problem}"));
            None
        }
    }
}
