//! A question of a server, and its answer.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CallId, ServerName, plural};

/// Number of a question within a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

/// A question that a server asks its user. Every text of it is untrusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its number.
    pub id: QuestionId,
    /// The server that asks.
    pub server: ServerName,
    /// Calls that wait for the answer; of several it is not known which one.
    pub calls: Vec<CallId>,
    /// Text of the question.
    pub message: String,
    /// Kind of answer that is wanted.
    pub kind: QuestionKind,
}

/// Kind of answer that a question wants.
#[derive(Debug, Clone, PartialEq)]
pub enum QuestionKind {
    /// Values for a form.
    Form {
        /// JSON Schema of the values.
        schema: Arc<Value>,
    },
    /// Consent to open an address, behind which the rest is asked.
    Page {
        /// The address.
        url: String,
    },
}

/// Reply to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum QuestionReply {
    /// The values of the form; nothing for an address.
    Accepted(Option<Map<String, Value>>),
    /// The user does not want to tell.
    Declined,
    /// The user left the question.
    Cancelled,
}

impl Question {
    /// Returns the thing that it asks for, in short.
    pub fn asked(&self) -> Asked {
        match &self.kind {
            QuestionKind::Form { schema } => {
                let fields = schema.get("properties").and_then(Value::as_object);
                Asked::Fields(fields.map_or(0, |it| u32::try_from(it.len()).unwrap_or(u32::MAX)))
            }
            QuestionKind::Page { .. } => Asked::Page,
        }
    }
}

/// The thing that a server waits for while it works on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// That many values from the user.
    Fields(u32),
    /// The user's consent to open an address.
    Page,
    /// The answer of a model.
    Model,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields(count) => {
                let fields = plural(usize::try_from(*count).unwrap_or(usize::MAX), "field");
                write!(f, "asks you: {fields}")
            }
            Self::Page => f.write_str("asks you to open a page"),
            Self::Model => f.write_str("asks a model"),
        }
    }
}

/// Adds the defaults of a schema where values are missing.
pub fn with_defaults(schema: &Value, mut values: Map<String, Value>) -> Map<String, Value> {
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        if let Some(default) = field.get("default")
            && !values.contains_key(name)
        {
            values.insert(name.clone(), default.clone());
        }
    }
    values
}

/// Part of the client in the conversation with a server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClientSettings {
    /// Values for forms of the server, given before it asks; `None` where
    /// nothing was given for this server.
    pub answers: Option<Map<String, Value>>,
    /// Program and arguments that answer for a model.
    pub sampling: Option<Vec<String>>,
    /// Folders that the server is told of.
    pub roots: Vec<std::path::PathBuf>,
    /// Least severity of the messages that the server is to log.
    pub log_level: Option<LogLevel>,
}

/// Severity of a message that a server logs, as syslog has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of syslog")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

impl LogLevel {
    /// Every level, from the least severe on, by its name.
    pub const NAMES: [(&'static str, Self); 8] = [
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("notice", Self::Notice),
        ("warning", Self::Warning),
        ("error", Self::Error),
        ("critical", Self::Critical),
        ("alert", Self::Alert),
        ("emergency", Self::Emergency),
    ];

    /// Returns its name in the protocol.
    pub fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, level)| *level == self);
        named.map_or("info", |(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_stand_where_nothing_was_given() {
        let schema = json!({"properties": {
            "name": {"type": "string", "default": "Ada"},
            "age": {"type": "integer", "default": 36},
            "note": {"type": "string"},
        }});
        let given = Map::from_iter([("age".to_owned(), json!(40))]);
        let all = Value::Object(with_defaults(&schema, given));
        assert_eq!(all, json!({"name": "Ada", "age": 40}));
    }

    #[test]
    fn a_question_says_how_much_it_asks() {
        assert_eq!(Asked::Fields(2).to_string(), "asks you: 2 fields");
        assert_eq!(Asked::Fields(1).to_string(), "asks you: 1 field");
    }
}
