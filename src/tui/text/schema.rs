//! The parts of a tool's JSON Schema that are shown to a person: the properties
//! one by one, and a skeleton to begin with.

use serde_json::{Map, Value, json};

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

/// Levels of nested objects that a skeleton spells out.
const DEEPEST: usize = 3;

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
            kind: kind(field),
            description: text(field, "description").to_owned(),
            is_required: is_required(schema, name),
        })
        .collect();
    all.sort_by_key(|property| !property.is_required);
    all
}

/// Arguments to begin with: every required one, with its default or an empty
/// value of its type.
pub fn skeleton(tool: &Tool) -> Value {
    tool.input_schema
        .as_ref()
        .map_or_else(|| json!({}), |schema| object(schema, 0))
}

fn object(schema: &Value, depth: usize) -> Value {
    let required = fields(schema).filter(|(name, _)| is_required(schema, name));
    let filled = required.map(|(name, field)| (name.clone(), empty(field, depth)));
    Value::Object(filled.collect::<Map<_, _>>())
}

fn empty(schema: &Value, depth: usize) -> Value {
    let first = |key: &str| schema.get(key).and_then(Value::as_array)?.first();
    if let Some(given) = schema.get("default").or_else(|| schema.get("const")) {
        return given.clone();
    }
    if let Some(given) = first("enum").or_else(|| first("examples")) {
        return given.clone();
    }
    match kind_name(schema) {
        "string" => json!(""),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(0)),
        "boolean" => json!(false),
        "array" => json!([]),
        "object" if depth < DEEPEST => object(schema, depth + 1),
        "object" => json!({}),
        _ => Value::Null,
    }
}

pub(in crate::tui) fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten()
}

pub(in crate::tui) fn is_required(schema: &Value, name: &str) -> bool {
    let names = schema.get("required").and_then(Value::as_array);
    names.is_some_and(|names| names.iter().any(|it| it == name))
}

fn kind_name(schema: &Value) -> &str {
    let kind = schema.get("type");
    let first = || kind?.as_array()?.first()?.as_str();
    kind.and_then(Value::as_str).or_else(first).unwrap_or("any")
}

pub(in crate::tui) fn kind(schema: &Value) -> String {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let names: Vec<String> = choices.iter().map(plain).collect();
        return format!("one of {}", names.join(", "));
    }
    let name = kind_name(schema);
    let bound = |key| schema.get(key).map(plain);
    match (bound("minimum"), bound("maximum")) {
        (Some(low), Some(high)) => format!("{name} {low} to {high}"),
        (Some(low), None) => format!("{name} from {low}"),
        (None, Some(high)) => format!("{name} up to {high}"),
        (None, None) => name.to_owned(),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

pub(in crate::tui) fn text<'s>(schema: &'s Value, key: &str) -> &'s str {
    schema.get(key).and_then(Value::as_str).unwrap_or("")
}
