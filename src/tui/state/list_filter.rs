//! The filter of the lists of calls: what is typed, and what it asks of a call.
//!
//! `tool:`, `state:` and `reason:` ask one thing each, `>5s` and `<200ms` the
//! time in the last attempt; every other word is looked for in the number, name,
//! tool, state, arguments and reasons. All of them must hold.

use std::time::Duration;

use serde_json::Value;

use crate::catalogue::quantity::parse_duration;
use crate::model::{CallRow, Snapshot};

/// A filter of the lists, as typed and as understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFilter {
    text: String,
    terms: Vec<Term>,
}

/// One thing that is asked of a call. Texts are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Tool(String),
    State(String),
    Reason(String),
    LongerThan(Duration),
    ShorterThan(Duration),
    Anywhere(String),
}

impl ListFilter {
    /// Understands a typed text. A word that is not finished asks nothing.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            terms: text
                .to_lowercase()
                .split_whitespace()
                .filter_map(term)
                .collect(),
        }
    }

    /// Returns the typed text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets every call through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a call is all that is asked.
    pub(super) fn takes(&self, row: &CallRow, run: &Snapshot) -> bool {
        self.terms.iter().all(|term| match term {
            Term::Tool(text) => has(row.tool.as_str(), text),
            Term::State(text) => row.state.word().contains(text),
            Term::Reason(text) => has_reason(row, text),
            Term::LongerThan(time) => row.elapsed(run.now).is_some_and(|it| it > *time),
            Term::ShorterThan(time) => row.elapsed(run.now).is_some_and(|it| it < *time),
            Term::Anywhere(text) => {
                has(row.name.as_str(), text)
                    || has(row.tool.as_str(), text)
                    || row.state.word().contains(text)
                    || row.id.to_string() == *text
                    || has_reason(row, text)
                    || holds(&row.args, text)
            }
        })
    }
}

fn term(word: &str) -> Option<Term> {
    let text = |rest: &str| (!rest.is_empty()).then(|| rest.to_owned());
    if let Some(rest) = word.strip_prefix("tool:") {
        return text(rest).map(Term::Tool);
    }
    if let Some(rest) = word.strip_prefix("state:") {
        return text(rest).map(Term::State);
    }
    if let Some(rest) = word.strip_prefix("reason:") {
        return text(rest).map(Term::Reason);
    }
    for (sign, made) in [
        (">", Term::LongerThan as fn(Duration) -> Term),
        ("<", Term::ShorterThan),
    ] {
        if let Some(rest) = word.strip_prefix(sign) {
            return time(rest).map(made);
        }
    }
    Some(Term::Anywhere(word.to_owned()))
}

/// A time, in seconds where no unit is typed.
fn time(text: &str) -> Option<Duration> {
    let seconds = || {
        text.parse()
            .ok()
            .and_then(|it| Duration::try_from_secs_f64(it).ok())
    };
    parse_duration(text).ok().or_else(seconds)
}

/// Why it ended or waits, as far as the words do not depend on time.
fn has_reason(row: &CallRow, text: &str) -> bool {
    let waits = row.wait.as_ref();
    row.reason.as_deref().is_some_and(|it| has(it, text))
        || waits.is_some_and(|it| has(&it.to_string(), text))
}

/// Whether a text holds another one, which is in lower case.
fn has(text: &str, lower: &str) -> bool {
    if text.is_ascii() && lower.is_ascii() {
        let (text, lower) = (text.as_bytes(), lower.as_bytes());
        return text
            .windows(lower.len())
            .any(|part| part.eq_ignore_ascii_case(lower));
    }
    text.to_lowercase().contains(lower)
}

/// Whether arguments hold a text, in a name or in a value.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => has(value, text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| has(name, text) || holds(value, text)),
        Value::Number(number) => number.to_string().contains(text),
        Value::Bool(value) => value.to_string() == text,
        Value::Null => text == "null",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood() {
        let terms = |text| ListFilter::new(text).terms;
        assert_eq!(
            terms("Tool:Grep state:failed reason:lock >5s <200ms >2 TODO"),
            [
                Term::Tool("grep".to_owned()),
                Term::State("failed".to_owned()),
                Term::Reason("lock".to_owned()),
                Term::LongerThan(Duration::from_secs(5)),
                Term::ShorterThan(Duration::from_millis(200)),
                Term::LongerThan(Duration::from_secs(2)),
                Term::Anywhere("todo".to_owned()),
            ]
        );
        assert!(ListFilter::new("tool: > <x").is_empty(), "not finished");
        assert_eq!(ListFilter::new("A b").text(), "A b");
    }

    #[test]
    fn texts_are_found_in_any_case_and_depth() {
        let args = serde_json::json!({"path": "SRC/Größe", "deep": [{"n": 42}, true]});
        for text in ["src", "größe", "path", "42", "true"] {
            assert!(holds(&args, text), "{text}");
        }
        assert!(!holds(&args, "absent"));
        assert!(!has("", "x"));
    }
}
