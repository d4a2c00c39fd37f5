//! Filling references in, when a call is about to start. What is filled in is
//! never read again: an output that looks like a reference stays as it is.

use std::sync::Arc;

use serde_json::Value;

use super::reference::{Reference, ReferenceError};
use crate::catalogue::command::as_text;
use crate::catalogue::template::{Piece, pieces};
use crate::model::CallName;

/// Most text that references may bring into the arguments of one call, in
/// bytes. It is the bound of a JSON result.
pub const LONGEST_FILLED: usize = 16 << 20;

/// Why arguments cannot be resolved. The call fails without a process.
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
    /// The output has nothing at that place.
    #[error("`{reference}`: the output, {found}, has no `{}`", reference.path.join("."))]
    NoSuchPart {
        /// The reference.
        reference: Reference,
        /// What the output is.
        found: &'static str,
    },
    /// More than [`LONGEST_FILLED`].
    #[error("the references bring in more than {} MiB", LONGEST_FILLED >> 20)]
    TooLong,
}

/// The arguments with every reference filled in. A string that is one whole
/// reference takes the JSON value; inside a longer string it is put in as text.
pub fn resolve(
    args: &Value,
    output: &dyn Fn(&CallName) -> Option<Arc<Value>>,
) -> Result<Value, ResolveError> {
    let mut resolver = Resolver {
        output,
        room: LONGEST_FILLED,
    };
    resolver.value(args)
}

/// The text as a template that resolves to it: every `{{` doubled.
pub fn escape(text: &str) -> String {
    text.replace("{{", "{{{{")
}

struct Resolver<'r> {
    output: &'r dyn Fn(&CallName) -> Option<Arc<Value>>,
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
        if let [Piece::Hole(inner)] = pieces[..] {
            return self.filled(inner);
        }
        let mut filled = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Hole(inner) => filled.push_str(&as_text(&self.filled(inner)?)),
            }
        }
        Ok(Value::String(filled))
    }

    fn filled(&mut self, inner: &str) -> Result<Value, ResolveError> {
        let reference = Reference::parse(inner)?;
        let Some(output) = (self.output)(&reference.call) else {
            return Err(ResolveError::NoOutput { reference });
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

/// Bytes a value takes as text, about.
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
