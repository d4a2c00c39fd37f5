//! A call as a line for a shell.

use serde_json::Value;

use crate::catalogue::{Kinds, ValueShape};
use crate::model::{Launch, Stdin, is_secret_name};

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

/// The line that runs the program of an attempt again as it ran: in its folder,
/// with its environment and its standard input. The value of a variable whose
/// name says that it is a secret is taken from the shell's own environment.
pub fn shell_line(argv: &[String], launch: &Launch) -> String {
    let variables = launch.env.iter().map(|(name, value)| {
        if is_secret_name(name) {
            format!("{name}=\"${name}\"")
        } else {
            format!("{name}={}", shell_words::quote(value))
        }
    });
    let variables: Vec<String> = variables.collect();
    let folder = launch.cwd.to_string_lossy();
    let program = shell_words::join(argv);
    let run = format!(
        "cd {} && env -i {} {program}",
        shell_words::quote(&folder),
        variables.join(" ")
    );
    match &launch.stdin {
        Stdin::Empty => format!("{run} < /dev/null"),
        Stdin::Bytes(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            format!("printf %s {} | ({run})", shell_words::quote(&text))
        }
    }
}

/// Whether a key ends where its value begins.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && !key.contains('=') && !key.ends_with(':') && !key.starts_with('-')
}

fn pair(key: &str, value: &Value, schema: Option<&Value>) -> String {
    let shape = schema.and_then(|schema| ValueShape::of_argument(schema, key));
    let kinds = shape.as_ref().and_then(|shape| shape.kinds);
    let is_text = kinds.is_none_or(|kinds| kinds.has(Kinds::STRING));
    match value {
        // Nothing but a text could be meant by it.
        Value::String(text) if is_text && serde_json::from_str::<Value>(text).is_err() => {
            format!("{key}={text}")
        }
        Value::String(text) if kinds.is_none_or(|it| it.without_null() == Kinds::STRING) => {
            format!("{key}={text}")
        }
        Value::Number(_) | Value::Bool(_) if kinds.is_some_and(|it| it.takes(value)) => {
            format!("{key}={value}")
        }
        _ => format!("{key}:={value}"),
    }
}
