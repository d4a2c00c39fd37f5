//! A call as a line for a shell.

use serde_json::Value;

/// The line that makes a call of a tool with these arguments: each as
/// `KEY=VALUE` where the tool's schema gives the value its type back, else as
/// `KEY:=JSON`; all as one JSON object where a key could not be told from its
/// value.
pub fn command_line(tool: &str, args: &Value, schema: Option<&Value>) -> String {
    let mut words = vec!["fanout".to_owned(), "call".to_owned(), tool.to_owned()];
    match args.as_object() {
        Some(args) if args.keys().all(|key| is_plain(key)) => {
            words.extend(args.iter().map(|(key, value)| pair(key, value, schema)));
        }
        _ => words.extend(["--args".to_owned(), args.to_string()]),
    }
    shell_words::join(words)
}

/// Whether a key ends where its value begins.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && !key.contains('=') && !key.ends_with(':') && !key.starts_with('-')
}

fn pair(key: &str, value: &Value, schema: Option<&Value>) -> String {
    let kind = schema.and_then(|schema| schema.get("properties")?.get(key)?.get("type"));
    match (value, kind.and_then(Value::as_str)) {
        (
            Value::String(_),
            Some("integer" | "number" | "boolean" | "array" | "object" | "null"),
        ) => format!("{key}:={value}"),
        (Value::String(text), _) => format!("{key}={text}"),
        (Value::Number(_), Some("integer" | "number")) | (Value::Bool(_), Some("boolean")) => {
            format!("{key}={value}")
        }
        _ => format!("{key}:={value}"),
    }
}
