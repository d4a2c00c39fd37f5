//! `KEY=VALUE` words of the command line, typed by a tool's schema.

use serde_json::{Map, Value};

use crate::catalogue::{Kinds, ValueShape};
use crate::model::{McpOperation, Tool, ToolAction};

/// A word of the command line that cannot become an argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ArgumentError {
    #[error("{word:?} is neither KEY=VALUE nor KEY:=JSON")]
    NoPair { word: String },
    #[error("{key:?} is given twice")]
    Twice { key: String },
    #[error("the value of {key:?} is not {wanted}: {value:?}")]
    WrongType {
        key: String,
        wanted: String,
        value: String,
    },
    #[error("the value of {key:?} is not JSON: {reason}")]
    NotJson { key: String, reason: String },
    #[error("--args takes one JSON object: {reason}")]
    NotAnObject { reason: String },
}

/// Returns the words for an operation of a server as pairs: the address of a
/// resource stands alone, and so does the name of a prompt before its
/// arguments.
pub(super) fn of_operation(tool: &Tool, words: &[String]) -> Vec<String> {
    let operation = match &tool.action {
        ToolAction::Mcp { operation, .. } => *operation,
        _ => McpOperation::CallTool,
    };
    let is_pair = |word: &String, key: &str| {
        let rest = word.strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with('=') || rest.starts_with(":="))
    };
    match (operation, words) {
        (McpOperation::ReadResource, [uri, rest @ ..]) if !is_pair(uri, "uri") => {
            let uri = format!("uri={uri}");
            std::iter::once(uri).chain(rest.iter().cloned()).collect()
        }
        (McpOperation::GetPrompt, [name, rest @ ..]) if !name.contains('=') => {
            let arguments = rest.iter().filter_map(|word| {
                let (key, value) = word.split_once('=')?;
                Some((key.to_owned(), Value::from(value)))
            });
            let arguments: Map<String, Value> = arguments.collect();
            let mut pairs = vec![format!("prompt={name}")];
            // A word that is no pair is told of as such.
            pairs.extend(rest.iter().filter(|it| !it.contains('=')).cloned());
            if !arguments.is_empty() {
                pairs.push(format!("arguments:={}", Value::Object(arguments)));
            }
            pairs
        }
        _ => words.to_vec(),
    }
}

/// All arguments of a call: `whole` (a JSON object) with the pairs put over it.
pub(super) fn parse(
    tool: &Tool,
    whole: Option<&str>,
    pairs: &[String],
) -> Result<Value, ArgumentError> {
    let mut args = match whole {
        Some(text) => serde_json::from_str::<Map<String, Value>>(text).map_err(|error| {
            ArgumentError::NotAnObject {
                reason: error.to_string(),
            }
        })?,
        None => Map::new(),
    };
    let mut seen: Vec<&str> = Vec::new();
    for word in pairs {
        let (key, value) = pair(tool, word)?;
        if seen.contains(&key) {
            return Err(ArgumentError::Twice {
                key: key.to_owned(),
            });
        }
        seen.push(key);
        args.insert(key.to_owned(), value);
    }
    Ok(Value::Object(args))
}

fn pair<'w>(tool: &Tool, word: &'w str) -> Result<(&'w str, Value), ArgumentError> {
    let no_pair = || ArgumentError::NoPair {
        word: word.to_owned(),
    };
    let (key, text) = word.split_once('=').ok_or_else(no_pair)?;
    if let Some(key) = key.strip_suffix(':') {
        let value = serde_json::from_str(text).map_err(|error| ArgumentError::NotJson {
            key: key.to_owned(),
            reason: error.to_string(),
        })?;
        return Ok((key, value));
    }
    if key.is_empty() {
        return Err(no_pair());
    }
    Ok((key, typed(tool, key, text)?))
}

/// A value as the schema types it; text where the schema says nothing.
pub(super) fn typed(tool: &Tool, key: &str, text: &str) -> Result<Value, ArgumentError> {
    let as_text = || Value::String(text.to_owned());
    let schema = tool.input_schema.as_ref();
    let Some(shape) = schema.and_then(|schema| ValueShape::of_argument(schema, key)) else {
        return Ok(as_text());
    };
    let read = serde_json::from_str::<Value>(text).ok();
    if let Some(choices) = &shape.choices {
        // A text comes before a number that is written alike.
        let chosen = |value: &Value| choices.iter().any(|choice| choice.value == value);
        if let Some(value) = [Some(as_text()), read.clone()]
            .into_iter()
            .flatten()
            .find(chosen)
        {
            return Ok(value);
        }
    }
    let Some(kinds) = shape.kinds else {
        return Ok(as_text());
    };
    let is_text = kinds.has(Kinds::STRING);
    let others = if is_text { kinds.without_null() } else { kinds };
    match read {
        Some(value) if !value.is_string() && others.takes(&value) => Ok(value),
        _ if is_text => Ok(as_text()),
        _ => Err(ArgumentError::WrongType {
            key: key.to_owned(),
            wanted: wanted(kinds),
            value: text.to_owned(),
        }),
    }
}

/// Returns the types in words.
fn wanted(kinds: Kinds) -> String {
    let words = kinds.names().into_iter().map(|name| match name {
        "integer" => "an integer",
        "boolean" => "true or false",
        "array" => "a JSON array",
        "object" => "a JSON object",
        "null" => "null",
        "number" => "a number",
        _ => "a text",
    });
    words.collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::ToolName;
    use crate::tui::text::command_line;

    fn tool() -> Tool {
        let run = std::time::Duration::ZERO;
        Tool {
            input_schema: Some(json!({"properties": {
                "count": {"type": "integer"}, "deep": {"type": "boolean"}, "a/b": {"type": "integer"}
            }})),
            ..Tool::new(ToolName::new("t"), ToolAction::Wait { run })
        }
    }

    fn parsed(whole: Option<&str>, pairs: &[&str]) -> Result<Value, ArgumentError> {
        let pairs: Vec<String> = pairs.iter().map(ToString::to_string).collect();
        parse(&tool(), whole, &pairs)
    }

    #[test]
    fn values_are_typed_by_the_schema() {
        assert_eq!(
            parsed(None, &["count=3", "deep=true", "text=3", "empty="]),
            Ok(json!({"count": 3, "deep": true, "text": "3", "empty": ""}))
        );
        assert_eq!(parsed(None, &["a/b=3"]), Ok(json!({"a/b": 3})));
        assert_eq!(parsed(None, &["x:=[1]"]), Ok(json!({"x": [1]})));
        assert_eq!(parsed(None, &["a=b=c"]), Ok(json!({"a": "b=c"})));
    }

    #[test]
    fn types_of_optional_arguments_are_looked_through() {
        let run = std::time::Duration::ZERO;
        let tool = Tool {
            input_schema: Some(json!({
                "properties": {
                    "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "flag": {"type": ["boolean", "null"]},
                    "tags": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
                    "query": {"$ref": "#/$defs/query"},
                    "page": {"anyOf": [{"$ref": "#/$defs/page"}, {"type": "null"}]},
                    "name": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "level": {"enum": ["1", 2]},
                    "id": {"type": ["string", "integer"]},
                    "wei": {"type": "integer"},
                },
                "$defs": {
                    "query": {"type": "object", "properties": {"text": {"type": "string"}}},
                    "page": {"type": "integer", "minimum": 1},
                },
            })),
            ..Tool::new(ToolName::new("t"), ToolAction::Wait { run })
        };
        for (pair, value) in [
            ("limit=5", json!({"limit": 5})),
            ("limit=null", json!({"limit": null})),
            ("flag=true", json!({"flag": true})),
            ("tags=[\"a\"]", json!({"tags": ["a"]})),
            ("query={\"text\":\"x\"}", json!({"query": {"text": "x"}})),
            ("page=5", json!({"page": 5})),
            ("name=5", json!({"name": "5"})),
            ("name=null", json!({"name": "null"})),
            ("level=1", json!({"level": "1"})),
            ("level=2", json!({"level": 2})),
            ("id=5", json!({"id": 5})),
            ("id=five", json!({"id": "five"})),
        ] {
            assert_eq!(parse(&tool, None, &[pair.to_owned()]), Ok(value), "{pair}");
        }
        let long = "wei=123456789012345678901234567890".to_owned();
        let value = parse(&tool, None, &[long]).expect("a whole number");
        assert_eq!(
            value.to_string(),
            r#"{"wei":123456789012345678901234567890}"#
        );
        let wrong = parse(&tool, None, &["limit=many".to_owned()]);
        let wanted = "an integer or null".to_owned();
        assert!(
            matches!(&wrong, Err(ArgumentError::WrongType { wanted: it, .. }) if *it == wanted),
            "{wrong:?}"
        );
    }

    #[test]
    fn pairs_stand_over_the_whole_object() {
        assert_eq!(
            parsed(Some(r#"{"count": 1, "text": "a"}"#), &["count=2"]),
            Ok(json!({"count": 2, "text": "a"}))
        );
    }

    #[test]
    fn a_line_that_is_copied_makes_the_same_call() {
        for args in [
            json!({"count": 3, "deep": true, "text": "it's\n$HOME \"x\"", "empty": ""}),
            json!({"count": "many", "x": [1, {"y": null}], "text": "3", "n": 4, "z": "a=b"}),
            json!({"a=b": 1, "-c": "d", "": 2, "e:": 3}),
            json!({}),
        ] {
            let line = command_line("t", &args, tool().input_schema.as_ref());
            let words = shell_words::split(&line).expect("words");
            assert_eq!(words[..3], ["fanout", "call", "t"], "{line}");
            let (whole, pairs) = match &words[3..] {
                [option, whole] if option == "--args" => (Some(whole.as_str()), &[][..]),
                pairs => (None, pairs),
            };
            assert_eq!(parse(&tool(), whole, pairs), Ok(args), "{line}");
        }
    }

    #[test]
    fn wrong_words_are_named() {
        assert!(matches!(
            parsed(None, &["count=many"]),
            Err(ArgumentError::WrongType { .. })
        ));
        assert!(matches!(
            parsed(None, &["plain"]),
            Err(ArgumentError::NoPair { .. })
        ));
        assert!(matches!(
            parsed(None, &["x:={"]),
            Err(ArgumentError::NotJson { .. })
        ));
        assert!(matches!(
            parsed(None, &["x=1", "x=2"]),
            Err(ArgumentError::Twice { .. })
        ));
        assert!(matches!(
            parsed(Some("[]"), &[]),
            Err(ArgumentError::NotAnObject { .. })
        ));
    }
}
