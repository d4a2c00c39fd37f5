//! The rows of a form from a JSON Schema. A schema that no row can express, such as a
//! choice between schemas or a map, becomes a row that takes JSON.

use serde_json::Value;

use super::field::{FieldKind, FormField};
use crate::catalogue::{Kinds, ValueShape};
use crate::model::Tool;
use crate::tui::text::schema;

/// Levels of objects that become rows of their own.
const DEEPEST: usize = 2;

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
            (name, field, is_inner_required)
        })
        .collect();
    inner.sort_by_key(|(_, _, is_required)| !is_required);
    for (name, field, is_required) in inner {
        let path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let shape = ValueShape::of(root, field);
        let kind = kind(root, &shape, path.len());
        let is_group = kind == FieldKind::Group;
        fields.push(FormField {
            input: kind.input(),
            hint: schema::kind(root, field),
            description: shape.description.unwrap_or_default().to_owned(),
            titles: titles(&shape),
            is_required,
            is_nullable: shape.is_nullable(),
            is_option: false,
            default: shape.default.filter(|it| !it.is_null()).cloned(),
            problem: None,
            path: path.clone(),
            kind,
        });
        if is_group {
            object(root, shape.main, &path, is_required, fields);
        }
    }
}

/// The names of the choices, where there are any.
fn titles(shape: &ValueShape<'_>) -> Vec<String> {
    let choices = shape.choices.iter().flatten();
    let choices = choices.filter(|choice| !choice.value.is_null());
    let titles = choices.map(|choice| choice.title.unwrap_or_default().to_owned());
    titles.collect()
}

fn kind(root: &Value, shape: &ValueShape<'_>, depth: usize) -> FieldKind {
    if let Some(choices) = &shape.choices {
        let values = choices.iter().map(|choice| choice.value);
        let values = values.filter(|value| !value.is_null());
        return FieldKind::Choice(values.cloned().collect());
    }
    let field = shape.main;
    match shape.kinds_without_null() {
        Some(Kinds::STRING) if is_long(field) => FieldKind::LongText,
        Some(Kinds::STRING) => FieldKind::Text,
        Some(Kinds::INTEGER) => FieldKind::Integer,
        Some(Kinds::NUMBER) => FieldKind::Number,
        Some(Kinds::BOOLEAN) => FieldKind::Boolean,
        Some(Kinds::ARRAY) if depth <= DEEPEST + 1 => {
            let items = field.get("items").map(|items| ValueShape::of(root, items));
            let item = items.map_or(FieldKind::Json, |items| kind(root, &items, DEEPEST + 2));
            match item {
                FieldKind::Text | FieldKind::Integer | FieldKind::Number => {
                    FieldKind::List(Box::new(item))
                }
                FieldKind::Choice(values) if values.iter().all(Value::is_string) => {
                    FieldKind::List(Box::new(FieldKind::Text))
                }
                _ => FieldKind::Json,
            }
        }
        Some(Kinds::OBJECT) if depth <= DEEPEST && schema::fields(field).next().is_some() => {
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
