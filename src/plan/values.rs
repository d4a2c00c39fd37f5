//! Readers of the values that only plan files have.

use std::ops::Range;

use regex::Regex;

use super::parsed::{ParsedEdge, Spanned};
use super::reference::{Reference, in_text, is_call_name};
use crate::catalogue::document::{Item, Node};
use crate::catalogue::fields::{Fields, choice, list, text, wrong_kind};
use crate::catalogue::findings::Findings;
use crate::catalogue::quantity::parse_bytes;
use crate::model::{CallName, Cap, EdgeKind, IgnoredPart, LockKey, LockSet};

const EDGE_KINDS: [(&str, EdgeKind); 2] = [("ok", EdgeKind::Ok), ("done", EdgeKind::Done)];

/// Reads the id of a call.
pub(super) fn call_id(node: &Node, findings: &mut Findings<'_>) -> Option<Spanned<CallName>> {
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

/// Collects the references in the arguments, each with its own span where the
/// text of the file shows it.
pub(super) fn collect_references(
    node: &Node,
    findings: &mut Findings<'_>,
    found: &mut Vec<Spanned<Reference>>,
) {
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
                collect_references(item, findings, found);
            }
        }
        Item::Table(entries) => {
            for entry in entries {
                collect_references(&entry.node, findings, found);
            }
        }
        Item::Null | Item::Bool(_) | Item::Number(_) | Item::Unusable => {}
    }
}

/// Spans of the references of one string in the text of the file.
struct ReferenceSpans<'s> {
    string: Range<usize>,
    /// Text after the last reference found; empty once one was not found,
    /// since escapes then stand in the way.
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

/// Reads an element of `after`: `"x"`, or `{ call = "x", on = "done" }`.
pub(super) fn edge(node: &Node, findings: &mut Findings<'_>) -> Option<Spanned<ParsedEdge>> {
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

/// Reads a JSON pointer, or a table with a regular expression.
pub(super) fn ignored_part(node: &Node, findings: &mut Findings<'_>) -> Option<IgnoredPart> {
    if node.as_table().is_some() {
        let mut fields = Fields::of(node, "an ignored part", findings)?;
        let regex = fields.need("regex", findings);
        fields.finish(findings);
        let regex = text(regex?, findings)?;
        if let Err(error) = Regex::new(regex) {
            // Its other lines show the place again.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ");
            let message = format!("{regex:?} is no regular expression: {reason}");
            findings.error(&node.span, message);
            return None;
        }
        let regex = regex.to_owned();
        return Some(IgnoredPart::Matches { regex });
    }
    let written = text(node, findings)?;
    if !written.is_empty() && !written.starts_with('/') {
        let problem = findings
            .at(&node.span, format!("{written:?} is no JSON pointer"))
            .with_help(
                "a pointer starts with `/`, such as \"/took_ms\"; \"\" is the whole output; \
                 a regular expression stands in a table, such as { regex = \"in [0-9]+ steps\" }",
            );
        findings.push(problem);
        return None;
    }
    Some(IgnoredPart::Pointer(written.to_owned()))
}

/// Reads `{ write = […], read = […] }`.
pub(super) fn locks(node: &Node, findings: &mut Findings<'_>) -> Option<LockSet> {
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

/// Reads a number of cores.
pub(super) fn cores(node: &Node, findings: &mut Findings<'_>) -> Option<f64> {
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

/// Reads a number of bytes.
pub(super) fn bytes(node: &Node, findings: &mut Findings<'_>) -> Option<u64> {
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

/// Reads a cap; a larger one than the highest is clamped to it.
pub(super) fn cap(node: &Node, findings: &mut Findings<'_>) -> Option<Cap> {
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
