//! Checks the `{{argument}}` placeholders of a manifest before any is filled.

use super::document::{Item, Node};
use super::fields::{list, text, wrong_kind};
use super::findings::Findings;
use super::template::{Piece, pieces};
use super::text::nearest;

/// The arguments that a tool's placeholders may name.
pub(super) struct Placeholders<'n> {
    /// All possible arguments; `None` where the schema allows others.
    closed: Option<Vec<&'n str>>,
}

impl<'n> Placeholders<'n> {
    /// Takes the arguments that the schema at `node` allows.
    pub(super) fn new(node: Option<&'n Node>) -> Self {
        let is_closed = node
            .and_then(|schema| schema.get("additionalProperties"))
            .is_some_and(|rest| matches!(rest.item, Item::Bool(false)));
        let has_patterns = node.is_some_and(|schema| schema.get("patternProperties").is_some());
        let properties = node
            .and_then(|schema| schema.get("properties"))
            .and_then(Node::as_table);
        let names = properties.unwrap_or_default().iter();
        let names = names.map(|entry| entry.key.as_str()).collect();
        Self {
            closed: (is_closed && !has_patterns).then_some(names),
        }
    }

    /// Reads `command`: a fixed program, then templates.
    pub(super) fn command(&self, node: &Node, findings: &mut Findings<'_>) -> Vec<String> {
        let Item::List(elements) = &node.item else {
            wrong_kind(node, "an array: the program and its arguments", findings);
            return Vec::new();
        };
        let Some((program, rest)) = elements.split_first() else {
            findings.error(&node.span, "the command is empty: it needs a program");
            return Vec::new();
        };
        if let Some(text) = program.as_text() {
            if text.is_empty() {
                findings.error(&program.span, "the program is empty");
            }
            if text.contains("{{") {
                let problem = findings
                    .at(&program.span, "the program must not depend on arguments")
                    .with_help("placeholders may stand in the elements after it");
                findings.push(problem);
            }
        }
        for element in rest {
            self.check(element, findings);
        }
        let argv = list(node, findings, |element, findings| {
            let text = text(element, findings)?;
            if text.contains('\0') {
                findings.error(&element.span, "a NUL cannot stand in an argument");
            }
            Some(text.to_owned())
        });
        argv.unwrap_or_default()
    }

    /// Reads the name of a lock, which may hold placeholders.
    pub(super) fn lock(&self, node: &Node, findings: &mut Findings<'_>) -> Option<String> {
        let name = text(node, findings)?;
        if name.trim().is_empty() || name == crate::model::LockKey::FILE {
            findings.error(&node.span, "a lock needs a name");
        }
        self.check(node, findings);
        Some(name.to_owned())
    }

    /// Checks `dash`: names of arguments.
    pub(super) fn check_dash(&self, node: &Node, findings: &mut Findings<'_>) {
        let Item::List(names) = &node.item else {
            return;
        };
        for name in names {
            if let Some(argument) = name.as_text() {
                self.check_name(argument, name, findings);
            }
        }
    }

    /// Checks the placeholders of a text.
    pub(super) fn check(&self, node: &Node, findings: &mut Findings<'_>) {
        let Some(text) = node.as_text() else { return };
        match pieces(text) {
            Ok(pieces) => {
                for piece in pieces {
                    if let Piece::Placeholder(name) = piece {
                        self.check_name(name, node, findings);
                    }
                }
            }
            Err(unclosed) => {
                let problem = findings
                    .at(&node.span, unclosed.to_string())
                    .with_help("a literal `{{` is written `{{{{`");
                findings.push(problem);
            }
        }
    }

    fn check_name(&self, name: &str, node: &Node, findings: &mut Findings<'_>) {
        if name.is_empty() {
            findings.error(&node.span, "the placeholder names no argument");
            return;
        }
        let Some(names) = &self.closed else { return };
        if names.contains(&name) {
            return;
        }
        let message = format!("the schema allows no argument `{name}`");
        let mut problem = findings.at(&node.span, message);
        if let Some(name) = nearest(name, names.iter().copied()) {
            problem = problem.with_help(format!("did you mean `{name}`?"));
        }
        findings.push(problem);
    }
}
