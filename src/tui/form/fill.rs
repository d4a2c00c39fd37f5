//! Puts arguments into the rows of a form.

use serde_json::{Map, Value};

use super::Form;
use super::field::{FieldInput, FieldKind, FormField};
use crate::tui::text::field::TextField;

impl Form {
    /// Puts arguments into the rows. Arguments without a row are kept.
    pub fn fill(&mut self, args: &Value) {
        self.recalled.clear();
        self.meant_empty.clear();
        for (index, field) in self.fields.iter_mut().enumerate() {
            if field.is_option {
                continue;
            }
            let value = field.path.iter().try_fold(args, |at, key| at.get(key));
            if value.is_some_and(|value| value == "") {
                self.meant_empty.insert(index);
            }
            set(field, value);
        }
        let mut rest = args.as_object().cloned().unwrap_or_default();
        for field in self.fields.iter().filter(|field| !field.is_option) {
            if field.kind != FieldKind::Group {
                take(&mut rest, &field.path);
            }
        }
        self.extra = rest;
    }
}

/// Takes a value out, and objects that it leaves empty.
fn take(args: &mut Map<String, Value>, path: &[String]) {
    match path {
        [] => {}
        [last] => {
            args.remove(last);
        }
        [first, rest @ ..] => {
            let Some(inner) = args.get_mut(first).and_then(Value::as_object_mut) else {
                return;
            };
            take(inner, rest);
            if inner.is_empty() {
                args.remove(first);
            }
        }
    }
}

pub(super) fn set(field: &mut FormField, value: Option<&Value>) {
    field.problem = None;
    let Some(value) = value else {
        field.input = field.kind.input();
        return;
    };
    match (&field.kind, value) {
        (FieldKind::Group, _) => {}
        (FieldKind::Boolean, Value::Bool(value)) => field.input = FieldInput::Toggle(Some(*value)),
        (FieldKind::Choice(values), value) if values.contains(value) => {
            field.input = FieldInput::Choice(values.iter().position(|it| it == value));
        }
        // No text says that there is none.
        (_, Value::Null) => {
            field.input = FieldInput::Text(Box::new(TextField::line_with("null")));
            field.kind = FieldKind::Json;
        }
        // A value that does not fit the row is shown as JSON.
        (FieldKind::Boolean | FieldKind::Choice(_), value) => {
            field.input = FieldInput::Text(Box::new(TextField::line_with(&value.to_string())));
            field.kind = FieldKind::Json;
        }
        (kind, value) => {
            let text = text(kind, value);
            field.input = FieldInput::Text(Box::new(match kind.lines() {
                1 if *kind == FieldKind::Text => TextField::joined(&text),
                1 => TextField::line_with(&text),
                _ => TextField::with_text(&text),
            }));
        }
    }
}

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
