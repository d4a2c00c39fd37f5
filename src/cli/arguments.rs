//! `KEY=VALUE` words of the command line, typed by a tool's schema.

use serde_json::{Map, Value};

use crate::model::Tool;

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
        wanted: &'static str,
        value: String,
    },
    #[error("the value of {key:?} is not JSON: {reason}")]
    NotJson { key: String, reason: String },
    #[error("--args takes one JSON object: {reason}")]
    NotAnObject { reason: String },
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
fn typed(tool: &Tool, key: &str, text: &str) -> Result<Value, ArgumentError> {
    let schema = tool.input_schema.as_ref();
    let kind = schema.and_then(|schema| schema.get("properties")?.get(key)?.get("type"));
    let (wanted, fits): (&'static str, fn(&Value) -> bool) = match kind.and_then(Value::as_str) {
        Some("integer") => ("an integer", |value| value.is_i64() || value.is_u64()),
        Some("number") => ("a number", Value::is_number),
        Some("boolean") => ("true or false", Value::is_boolean),
        Some("array") => ("a JSON array", Value::is_array),
        Some("object") => ("a JSON object", Value::is_object),
        Some("null") => ("null", Value::is_null),
        _ => return Ok(Value::String(text.to_owned())),
    };
    match serde_json::from_str(text) {
        Ok(value) if fits(&value) => Ok(value),
        _ => Err(ArgumentError::WrongType {
            key: key.to_owned(),
            wanted,
            value: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{ToolAction, ToolName};
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
