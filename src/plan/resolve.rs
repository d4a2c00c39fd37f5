//! Fills in references when a call is about to start. Substituted text is never
//! expanded again: an output that looks like a reference stays as it is.

use std::sync::Arc;

use serde_json::Value;

use super::reference::{Reference, ReferenceError};
use crate::catalogue::command::as_text;
use crate::catalogue::template::{Piece, pieces};
use crate::model::CallName;

/// Most bytes that references may bring into the arguments of one call: the
/// bound of a JSON result.
pub const LONGEST_FILLED: usize = 16 << 20;

/// Reason arguments cannot be resolved. The call fails without a process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Not a reference.
    #[error(transparent)]
    Form(#[from] ReferenceError),
    /// The call has no output: it is unknown, or did not succeed.
    #[error("`{reference}`: `{}` has no output", reference.call)]
    NoOutput {
        /// The reference.
        reference: Reference,
    },
    /// The output cannot be had as a whole, or is not of the promised form.
    #[error("`{reference}`: {reason}")]
    Unreadable {
        /// The reference.
        reference: Reference,
        /// Reason, in words.
        reason: String,
    },
    /// The output has no such part.
    #[error("`{reference}`: the output, {found}, has no `{}`", reference.path.join("."))]
    NoSuchPart {
        /// The reference.
        reference: Reference,
        /// Kind of the output.
        found: &'static str,
    },
    /// More than [`LONGEST_FILLED`].
    #[error("the references bring in more than {} MiB", LONGEST_FILLED >> 20)]
    TooLong,
}

/// Reason that a call has no output to refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingOutput {
    /// No such call can be referred to.
    Unknown,
    /// There is an output, but not the whole of it. In words.
    Unreadable(String),
}

/// Fills in every reference of the arguments. A string that is one whole
/// reference becomes the JSON value; inside a longer string it becomes text.
pub fn resolve(
    args: &Value,
    output: &dyn Fn(&CallName) -> Result<Arc<Value>, MissingOutput>,
) -> Result<Value, ResolveError> {
    let mut resolver = Resolver {
        output,
        room: LONGEST_FILLED,
    };
    resolver.value(args)
}

/// The text as a template that resolves to it: every `{{` doubled.
fn escape(text: &str) -> String {
    text.replace("{{", "{{{{")
}

/// Arguments as templates that resolve to them: every `{{` in a text
/// doubled.
pub fn escape_all(args: &Value) -> Value {
    match args {
        Value::String(text) => Value::String(escape(text)),
        Value::Array(items) => items.iter().map(escape_all).collect(),
        Value::Object(table) => table
            .iter()
            .map(|(key, value)| (key.clone(), escape_all(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => args.clone(),
    }
}

struct Resolver<'r> {
    output: &'r dyn Fn(&CallName) -> Result<Arc<Value>, MissingOutput>,
    /// Bytes that may still be brought in.
    room: usize,
}

impl Resolver<'_> {
    fn value(&mut self, value: &Value) -> Result<Value, ResolveError> {
        Ok(match value {
            Value::String(text) => self.text(text)?,
            Value::Array(items) => {
                let items = items.iter().map(|item| self.value(item));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Value::Object(table) => {
                let pairs = table.iter();
                let pairs = pairs.map(|(key, value)| Ok((key.clone(), self.value(value)?)));
                Value::Object(pairs.collect::<Result<_, ResolveError>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    fn text(&mut self, text: &str) -> Result<Value, ResolveError> {
        let pieces = pieces(text).map_err(ReferenceError::from)?;
        if let [Piece::Placeholder(inner)] = pieces[..] {
            return self.filled(inner);
        }
        let mut filled = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Placeholder(inner) => filled.push_str(&as_text(&self.filled(inner)?)),
            }
        }
        Ok(Value::String(filled))
    }

    fn filled(&mut self, inner: &str) -> Result<Value, ResolveError> {
        let reference = Reference::parse(inner)?;
        let output = match (self.output)(&reference.call) {
            Ok(output) => output,
            Err(MissingOutput::Unknown) => return Err(ResolveError::NoOutput { reference }),
            Err(MissingOutput::Unreadable(reason)) => {
                return Err(ResolveError::Unreadable { reference, reason });
            }
        };
        let Some(value) = reference.within(&output) else {
            let found = kind(&output);
            return Err(ResolveError::NoSuchPart { reference, found });
        };
        let size = size(value);
        self.room = self.room.checked_sub(size).ok_or(ResolveError::TooLong)?;
        Ok(value.clone())
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Approximate size of a value as text, in bytes.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum(),
        Value::Object(table) => {
            let pairs = table.iter();
            pairs.map(|(key, value)| key.len() + size(value) + 4).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Resolves against one call, `c`, with this output.
    fn resolved(args: &Value, output: &Value) -> Result<Value, ResolveError> {
        let output = Arc::new(output.clone());
        resolve(args, &|name| {
            if name.as_str() == "c" {
                Ok(Arc::clone(&output))
            } else {
                Err(MissingOutput::Unknown)
            }
        })
    }

    #[test]
    fn whole_references_keep_their_type_and_others_become_text() {
        let output = json!({"n": 3, "list": [1, {"k": "v"}], "text": "t", "no": null});
        let args = json!({
            "whole": "{{c.output.n}}",
            "table": "{{ c.output.list.1 }}",
            "inside": "{{c.output.n}} {{c.output.text}} {{c.output.list}} {{c.output.no}}",
            "braces": "{\"n\":{{{c.output.n}}} {{{{c.output.n}}",
            "deep": [{"x": ["{{c.output.text}}", 7]}],
        });
        assert_eq!(
            resolved(&args, &output),
            Ok(json!({
                "whole": 3,
                "table": {"k": "v"},
                "inside": "3 t [1,{\"k\":\"v\"}] null",
                "braces": "{\"n\":{3} {{c.output.n}}",
                "deep": [{"x": ["t", 7]}],
            }))
        );
    }

    #[test]
    fn what_cannot_be_filled_in_is_told() {
        let described = |text: &str| {
            let error = resolved(&json!({ "a": text }), &json!({"k": 1}));
            error.expect_err("refused").to_string()
        };
        assert_eq!(
            described("{{d.output}}"),
            "`{{d.output}}`: `d` has no output"
        );
        assert_eq!(
            described("x{{c.output.k.0}}"),
            "`{{c.output.k.0}}`: the output, an object, has no `k.0`"
        );
        assert_eq!(described("{{c}}"), "`{{c}}` is not a reference");
        assert_eq!(described("{{c.output"), "a `{{` without its `}}`");
    }

    #[test]
    fn references_cannot_bring_in_more_than_the_bound() {
        let output = json!("x".repeat(LONGEST_FILLED / 4));
        let three = json!({"a": "{{c.output}}{{c.output}}{{c.output}}"});
        resolved(&three, &output).expect("within the bound");
        let four = json!({"a": ["{{c.output}}", "{{c.output}}", "{{c.output}} {{c.output}}"]});
        assert_eq!(resolved(&four, &output), Err(ResolveError::TooLong));
    }

    proptest! {
        #[test]
        fn escaped_text_resolves_to_itself(text in "[{}a.c output\\PC]{0,40}") {
            let plain = json!({ "a": [text, { "b": text }], "n": 1 });
            prop_assert_eq!(resolved(&escape_all(&plain), &json!(1)), Ok(plain));
        }

        #[test]
        fn what_is_filled_in_is_never_read_again(text in "[{}c.output]{0,40}") {
            for output in [json!(text), json!([text])] {
                let whole = resolved(&json!({"a": "{{c.output}}"}), &output);
                prop_assert_eq!(whole, Ok(json!({ "a": output })));
            }
            let inside = resolved(&json!({"a": "<{{c.output}}{{c.output}}"}), &json!(text));
            prop_assert_eq!(inside, Ok(json!({ "a": format!("<{text}{text}") })));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}|[{}c.output0-9]{0,60}") {
            let args = json!({ text.clone(): [text.clone()] });
            let outcome = resolved(&args, &json!({"k": [1]}));
            let found = super::super::references(&args);
            if let Ok(value) = outcome {
                prop_assert!(found.iter().all(|reference| reference.call.as_str() == "c"));
                prop_assert!(value.get(&text).is_some(), "keys stay as they are");
            }
        }
    }
}
