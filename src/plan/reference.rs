//! References: `{{id.output}}`, then `.key` or `.0` into JSON.

use std::fmt;

use serde_json::Value;

use crate::catalogue::UnclosedPlaceholder;
use crate::catalogue::template::{Piece, pieces};
use crate::model::CallName;

/// A part of the output of another call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The call.
    pub call: CallName,
    /// Keys and indices into its output.
    pub path: Vec<String>,
}

/// Reason a `{{…}}` is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// A `{{` without its `}}`.
    #[error(transparent)]
    Unclosed(#[from] UnclosedPlaceholder),
    /// Something else stands between the braces.
    #[error("`{{{{{0}}}}}` is not a reference")]
    Form(String),
}

impl Reference {
    /// Parses the text between the braces.
    pub fn parse(inner: &str) -> Result<Self, ReferenceError> {
        let wrong = || ReferenceError::Form(inner.to_owned());
        let mut parts = inner.split('.');
        let call = parts.next().filter(|name| is_call_name(name));
        let call = CallName::new(call.ok_or_else(wrong)?);
        if parts.next() != Some("output") {
            return Err(wrong());
        }
        let path: Vec<String> = parts.map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self { call, path })
    }

    /// Returns the part of its call's output that it refers to.
    pub fn within<'v>(&self, output: &'v Value) -> Option<&'v Value> {
        self.path
            .iter()
            .try_fold(output, |value, part| match value {
                Value::Object(table) => table.get(part),
                Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                _ => None,
            })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{{}.output", self.call)?;
        for part in &self.path {
            write!(f, ".{part}")?;
        }
        f.write_str("}}")
    }
}

/// Whether a text can be the id of a call: `[A-Za-z0-9_-]+`.
pub(super) fn is_call_name(text: &str) -> bool {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b"_-".contains(&letter);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// Returns the references in one text.
pub(crate) fn in_text(text: &str) -> Result<Vec<Reference>, ReferenceError> {
    let holes = pieces(text)?.into_iter().filter_map(|piece| match piece {
        Piece::Placeholder(inner) => Some(inner),
        Piece::Text(_) => None,
    });
    holes.map(Reference::parse).collect()
}

/// Returns the references in the arguments, in their order; malformed ones are
/// left out.
pub fn references(args: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(args, &mut found);
    found
}

/// Reports every `{{…}}` in the arguments that is not a reference.
pub(crate) fn malformed(value: &Value, tell: &mut dyn FnMut(ReferenceError)) {
    match value {
        Value::String(text) => {
            if let Err(error) = in_text(text) {
                tell(error);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| malformed(item, tell)),
        Value::Object(table) => table.values().for_each(|value| malformed(value, tell)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn collect(value: &Value, found: &mut Vec<Reference>) {
    match value {
        Value::String(text) => found.extend(in_text(text).unwrap_or_default()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(table) => table.values().for_each(|value| collect(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a value holds a reference.
pub(crate) fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.contains("{{") && !in_text(text).is_ok_and(|all| all.is_empty())
        }
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(table) => table.values().any(has_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a value is one whole reference, which keeps its JSON type.
pub(crate) fn is_whole_reference(value: &Value) -> bool {
    let Value::String(text) = value else {
        return false;
    };
    matches!(pieces(text).as_deref(), Ok([Piece::Placeholder(_)]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_read_and_written() {
        let reference = Reference::parse("a-b.output.key.0").expect("a reference");
        assert_eq!(reference.call, CallName::new("a-b"));
        assert_eq!(reference.path, ["key", "0"]);
        assert_eq!(reference.to_string(), "{{a-b.output.key.0}}");
        for wrong in [
            "",
            "a",
            "a.out",
            "a.output.",
            "a b.output",
            ".output",
            "ü.output",
        ] {
            let error = Reference::parse(wrong).expect_err(wrong);
            assert_eq!(error, ReferenceError::Form(wrong.to_owned()));
        }
    }

    #[test]
    fn paths_lead_into_tables_and_arrays() {
        let output = json!({"a": [{"0": "x"}], "n": 1});
        let at = |inner| {
            let reference = Reference::parse(inner).expect("a reference");
            reference.within(&output).cloned()
        };
        assert_eq!(at("c.output.a.0.0"), Some(json!("x")));
        assert_eq!(at("c.output"), Some(output.clone()));
        assert_eq!(at("c.output.a.1"), None);
        assert_eq!(at("c.output.n.x"), None);
        assert_eq!(at("c.output.a.-1"), None);
    }

    #[test]
    fn every_reference_of_the_arguments_is_found() {
        let args = json!({"a": ["{{x.output}}", {"b": "1 {{y.output.k}} {{{{z.output}}"}], "c": 1});
        let found: Vec<String> = references(&args).iter().map(Reference::to_string).collect();
        assert_eq!(found, ["{{x.output}}", "{{y.output.k}}"]);
        assert!(has_reference(&args));
        assert!(!has_reference(&json!("{{{{z.output}}")));
        assert!(is_whole_reference(&json!("{{ x.output }}")));
        assert!(!is_whole_reference(&json!(" {{x.output}}")));
    }
}
