//! Puts a value into one row of a form.

use serde_json::Value;

use super::field::{FieldInput, FieldKind, FormField};
use crate::tui::text::field::TextField;

impl FormField {
    /// Puts a value into the row; `None` empties it.
    pub(super) fn set(&mut self, value: Option<&Value>) {
        self.problem = None;
        let Some(value) = value else {
            self.input = self.kind.input();
            return;
        };
        match (&self.kind, value) {
            (FieldKind::Group, _) => {}
            (FieldKind::Boolean, Value::Bool(value)) => {
                self.input = FieldInput::Toggle(Some(*value));
            }
            (FieldKind::Choice(values), value) if values.contains(value) => {
                self.input = FieldInput::Choice(values.iter().position(|it| it == value));
            }
            // No text says that there is none.
            (_, Value::Null) => {
                self.input = FieldInput::Text(Box::new(TextField::line_with("null")));
                self.kind = FieldKind::Json;
            }
            // A value that does not fit the row is shown as JSON.
            (FieldKind::Boolean | FieldKind::Choice(_), value) => {
                self.input = FieldInput::Text(Box::new(TextField::line_with(&value.to_string())));
                self.kind = FieldKind::Json;
            }
            (kind, value) => {
                let text = text(kind, value);
                self.input = FieldInput::Text(Box::new(match kind.lines() {
                    1 if *kind == FieldKind::Text => TextField::joined(&text),
                    1 => TextField::line_with(&text),
                    _ => TextField::with_text(&text),
                }));
            }
        }
    }
}

/// Returns a value as it is typed into a row of this kind.
fn text(kind: &FieldKind, value: &Value) -> String {
    let plain = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    match (kind, value) {
        (FieldKind::List(_), Value::Array(items)) => {
            items.iter().map(plain).collect::<Vec<_>>().join("\n")
        }
        (FieldKind::Json, value) => serde_json::to_string(value).unwrap_or_default(),
        (_, value) => plain(value),
    }
}
