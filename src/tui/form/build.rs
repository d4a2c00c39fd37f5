//! The rows of a form from a JSON Schema. A schema that no row can express, such as a
//! choice between schemas or a map, becomes a row that takes JSON.

use serde_json::Value;

use super::field::{FieldKind, FormField};
use crate::model::Tool;
use crate::tui::text::schema;

/// Levels of objects that become rows of their own.
const DEEPEST: usize = 2;

/// `$ref`s that are followed one after another.
const MOST_REFS: usize = 8;

/// Text that may be this long or longer gets several lines.
const LONG: u64 = 200;

/// The rows of a tool's arguments, the required ones first.
pub(super) fn arguments(tool: &Tool) -> Vec<FormField> {
    let mut fields = Vec::new();
    if let Some(root) = &tool.input_schema {
        object(root, root, &[], true, &mut fields);
    }
    fields
}

fn object(
    root: &Value,
    at: &Value,
    path: &[String],
    is_required: bool,
    fields: &mut Vec<FormField>,
) {
    let mut inner: Vec<(&String, &Value, bool)> = schema::fields(at)
        .map(|(name, field)| {
            let is_inner_required = is_required && schema::is_required(at, name);
            (name, followed(root, field), is_inner_required)
        })
        .collect();
    inner.sort_by_key(|(_, _, is_required)| !is_required);
    for (name, field, is_required) in inner {
        let path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let kind = kind(root, field, path.len());
        let is_group = kind == FieldKind::Group;
        fields.push(FormField {
            input: kind.input(),
            hint: schema::kind(field),
            description: schema::text(field, "description").to_owned(),
            is_required,
            is_option: false,
            default: field.get("default").cloned(),
            problem: None,
            path: path.clone(),
            kind,
        });
        if is_group {
            object(root, field, &path, is_required, fields);
        }
    }
}

/// A schema with its `$ref` into the same document followed.
fn followed<'s>(root: &'s Value, mut at: &'s Value) -> &'s Value {
    for _ in 0..MOST_REFS {
        let target = at.get("$ref").and_then(Value::as_str);
        let found = target
            .and_then(|it| it.strip_prefix('#'))
            .and_then(|it| root.pointer(it));
        match found {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

fn kind(root: &Value, field: &Value, depth: usize) -> FieldKind {
    let is_mixed = ["oneOf", "anyOf", "allOf", "not", "if", "$ref"];
    if is_mixed.iter().any(|key| field.get(key).is_some()) {
        return FieldKind::Json;
    }
    if let Some(only) = field.get("const") {
        return FieldKind::Choice(vec![only.clone()]);
    }
    if let Some(choices) = field.get("enum").and_then(Value::as_array) {
        return FieldKind::Choice(choices.clone());
    }
    match field.get("type").and_then(Value::as_str) {
        Some("string") if is_long(field) => FieldKind::LongText,
        Some("string") => FieldKind::Text,
        Some("integer") => FieldKind::Integer,
        Some("number") => FieldKind::Number,
        Some("boolean") => FieldKind::Boolean,
        Some("array") => {
            let items = field.get("items").map(|items| followed(root, items));
            let item = items.map_or(FieldKind::Json, |items| kind(root, items, DEEPEST + 1));
            match item {
                FieldKind::Text | FieldKind::Integer | FieldKind::Number => {
                    FieldKind::List(Box::new(item))
                }
                _ => FieldKind::Json,
            }
        }
        Some("object") if depth <= DEEPEST && schema::fields(field).next().is_some() => {
            FieldKind::Group
        }
        _ => FieldKind::Json,
    }
}

fn is_long(field: &Value) -> bool {
    let is_area = schema::text(field, "format") == "textarea";
    is_area
        || field
            .get("maxLength")
            .and_then(Value::as_u64)
            .is_some_and(|it| it >= LONG)
}
