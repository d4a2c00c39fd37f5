//! The parts of a tool's JSON Schema that are shown to a person: the properties
//! one by one.

use serde_json::Value;

use crate::catalogue::{Kinds, ValueShape};
use crate::model::Tool;

/// One argument, as the schema describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// Its type in words: `string`, `integer 1 to 9`, `one of a, b`.
    pub kind: String,
    /// Description. Untrusted text.
    pub description: String,
    /// Whether it must be given.
    pub is_required: bool,
}

/// Whether it takes no arguments but those that it names.
pub fn is_closed(schema: &Value) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(false))
}

/// The arguments of a tool, the required ones first.
pub fn properties(tool: &Tool) -> Vec<Property> {
    let Some(schema) = &tool.input_schema else {
        return Vec::new();
    };
    let mut all: Vec<Property> = fields(schema)
        .map(|(name, field)| Property {
            name: name.clone(),
            kind: kind(schema, field),
            description: description(schema, field),
            is_required: is_required(schema, name),
        })
        .collect();
    all.sort_by_key(|property| !property.is_required);
    all
}

pub(in crate::tui) fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten()
}

pub(in crate::tui) fn is_required(schema: &Value, name: &str) -> bool {
    let names = schema.get("required").and_then(Value::as_array);
    names.is_some_and(|names| names.iter().any(|it| it == name))
}

/// Returns the type of a value in words.
pub(in crate::tui) fn kind(root: &Value, schema: &Value) -> String {
    let shape = ValueShape::of(root, schema);
    if let Some(choices) = &shape.choices {
        let names: Vec<String> = choices.iter().map(|it| plain(it.value)).collect();
        return format!("one of {}", names.join(", "));
    }
    let items = shape
        .main
        .get("items")
        .map(|items| ValueShape::of(root, items));
    if let Some(choices) = items.and_then(|items| items.choices) {
        let names: Vec<String> = choices.iter().map(|it| plain(it.value)).collect();
        return format!("any of {}", names.join(", "));
    }
    let names = shape.kinds_without_null().map(Kinds::names);
    let name = match names.as_deref() {
        None | Some([]) => "any".to_owned(),
        Some(names) => names.join(" or "),
    };
    let bound = |key| shape.main.get(key).map(plain);
    match (bound("minimum"), bound("maximum")) {
        (Some(low), Some(high)) => format!("{name} {low} to {high}"),
        (Some(low), None) => format!("{name} from {low}"),
        (None, Some(high)) => format!("{name} up to {high}"),
        (None, None) => name,
    }
}

/// Returns the description of a value.
pub(in crate::tui) fn description(root: &Value, schema: &Value) -> String {
    let shape = ValueShape::of(root, schema);
    shape.description.unwrap_or_default().to_owned()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

pub(in crate::tui) fn text<'s>(schema: &'s Value, key: &str) -> &'s str {
    schema.get(key).and_then(Value::as_str).unwrap_or("")
}
