//! A call's arguments on one line: the required ones first, `key=value`.

use serde_json::Value;

use super::Safe;
use crate::model::{MASK, Tool, is_secret_name};

/// Characters of one value that are worth formatting for one line.
const LONGEST_VALUE: usize = 300;

/// The arguments on one line. Where the tool is known, its required arguments
/// come first.
pub fn line(args: &Value, tool: Option<&Tool>) -> Safe {
    let Some(object) = args.as_object() else {
        return Safe::new(&value(args));
    };
    let required: Vec<&str> = tool
        .and_then(|tool| tool.input_schema.as_ref()?.get("required")?.as_array())
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let (mut first, rest): (Vec<_>, Vec<_>) = object
        .iter()
        .partition(|(key, _)| required.contains(&key.as_str()));
    first.extend(rest);
    let mut line = String::new();
    for (key, item) in first {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(key);
        line.push('=');
        line.push_str(&if is_secret_name(key) {
            MASK.to_owned()
        } else {
            value(item)
        });
        if line.len() > LONGEST_VALUE * 2 {
            break;
        }
    }
    Safe::new(&line)
}

/// Texts stand bare unless that could mislead; all else is JSON.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let head: String = text.chars().take(LONGEST_VALUE).collect();
            let is_plain =
                !head.is_empty() && !head.contains(|c: char| c.is_whitespace() || c == '"');
            if is_plain { head } else { format!("{head:?}") }
        }
        other => other.to_string().chars().take(LONGEST_VALUE).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_bare_where_that_cannot_mislead() {
        let args = json!({"path": "src/", "pattern": "two words", "max": 200, "deep": {"a": [1]}});
        assert_eq!(
            line(&args, None).as_str(),
            r#"path=src/ pattern="two words" max=200 deep={"a":[1]}"#
        );
    }

    #[test]
    fn secrets_are_masked() {
        let args = json!({"api_key": "abc", "Password": 1});
        assert_eq!(line(&args, None).as_str(), "api_key=*** Password=***");
    }
}
