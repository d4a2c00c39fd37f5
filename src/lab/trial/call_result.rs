//! The result of a call, in a form that can be compared.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{ComparisonRules, IgnoredPart, Outcome};

/// Longest output, as JSON, that is kept to be shown.
const KEPT_BYTES: usize = 16 * 1024;

/// Times as programs print them: a number with a unit, a date with a time of
/// day, a time of day with seconds.
static TIMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b \d{4}-\d\d-\d\d [T\ ] \d\d:\d\d:\d\d (\.\d+)? (Z | [+-]\d\d:?\d\d)?
        | \b \d\d:\d\d:\d\d (\.\d+)? \b
        | \b \d+ (\.\d+)? \s? (ns | us | µs | ms | s | secs? | seconds?) \b",
    )
    .ok()
});

/// How a call ended and what it printed, what may differ left out.
#[derive(Debug, Clone)]
pub struct CallResult {
    /// How it ended; `None` where it did not.
    pub outcome: Option<Outcome>,
    /// Its output, unless it is long.
    pub output: Option<Value>,
    /// Of the output with its times left out.
    digest: [u8; 32],
    /// Of the output as it is.
    exact: [u8; 32],
}

impl PartialEq for CallResult {
    fn eq(&self, other: &Self) -> bool {
        self.outcome == other.outcome && self.digest == other.digest
    }
}

impl Eq for CallResult {}

impl CallResult {
    /// An outcome with an output. What the rules leave out counts as nothing,
    /// and so do times in texts; objects are the same in whatever order their
    /// keys stand.
    pub fn new(outcome: Option<Outcome>, output: Option<Value>, rules: &ComparisonRules) -> Self {
        let mut output = output.unwrap_or(Value::Null);
        for part in &rules.ignore {
            match part {
                IgnoredPart::Pointer(pointer) => {
                    if let Some(place) = output.pointer_mut(pointer) {
                        *place = Value::Null;
                    }
                }
                // The plan's reader has compiled it once.
                IgnoredPart::Matches { regex } => {
                    if let Ok(regex) = Regex::new(regex) {
                        each_text(&mut output, &|text| {
                            regex.replace_all(text, "").into_owned()
                        });
                    }
                }
            }
        }
        if rules.is_any_order {
            each_text(&mut output, &sorted_lines);
        }
        output.sort_all_objects();
        let text = output.to_string();
        let exact = Sha256::digest(text.as_bytes()).into();
        let digest = match TIMES.as_ref().map(|times| times.replace_all(&text, "TIME")) {
            Some(Cow::Owned(without)) => Sha256::digest(without.as_bytes()).into(),
            Some(Cow::Borrowed(_)) | None => exact,
        };
        Self {
            outcome,
            digest,
            exact,
            output: (text.len() <= KEPT_BYTES).then_some(output),
        }
    }

    /// Whether it is the same as another but for times in its texts.
    pub fn differs_in_times(&self, other: &Self) -> bool {
        self == other && self.exact != other.exact
    }

    /// Pointers at the places in which two outputs of the same shape differ;
    /// the empty pointer where they differ as a whole.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        match (&self.output, &other.output) {
            (Some(one), Some(two)) => differences(one, two, String::new(), &mut found),
            _ => found.push(String::new()),
        }
        found
    }
}

fn each_text(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(entries) => {
            let values = entries.values_mut();
            values.for_each(|value| each_text(value, change));
        }
        _ => {}
    }
}

fn sorted_lines(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn differences(one: &Value, two: &Value, at: String, found: &mut Vec<String>) {
    match (one, two) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for ((key, one), two) in a.iter().zip(b.values()) {
                let key = key.replace('~', "~0").replace('/', "~1");
                differences(one, two, format!("{at}/{key}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (one, two)) in a.iter().zip(b).enumerate() {
                differences(one, two, format!("{at}/{index}"), found);
            }
        }
        _ if one == two => {}
        _ => found.push(at),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(output: Value, ignore: &[&str]) -> CallResult {
        let ignore = ignore.iter().map(|it| IgnoredPart::Pointer(it.to_string()));
        let rules = ComparisonRules {
            ignore: ignore.collect(),
            is_any_order: false,
        };
        CallResult::new(Some(Outcome::Succeeded), Some(output), &rules)
    }

    #[test]
    fn what_is_ignored_and_the_order_of_keys_make_no_difference() {
        let one = answer(json!({"a": 1, "b": {"t": 5}}), &["/b/t", "/none"]);
        let two = answer(json!({"b": {"t": 6}, "a": 1}), &["/b/t", "/none"]);
        assert_eq!(one, two);
        assert_ne!(one, answer(json!({"a": 2, "b": {"t": 5}}), &["/b/t"]));
        assert_eq!(answer(json!("x"), &[""]), answer(json!("y"), &[""]));
        let failed = CallResult::new(
            Some(Outcome::Failed),
            Some(json!(1)),
            &ComparisonRules::default(),
        );
        assert_ne!(failed, answer(json!(1), &[]));
    }

    #[test]
    fn matches_and_the_order_of_lines_can_be_left_out() {
        let regex = r"in \d+ steps".to_owned();
        let rules = ComparisonRules {
            ignore: vec![IgnoredPart::Matches { regex }],
            is_any_order: true,
        };
        let answer = |text: &str| {
            let output = json!({ "log": text });
            CallResult::new(Some(Outcome::Succeeded), Some(output), &rules)
        };
        assert_eq!(answer("a\nb in 5 steps\n"), answer("b in 17 steps\na"));
        assert_ne!(answer("a\nb"), answer("a\nb\nb"));
    }

    #[test]
    fn times_in_texts_make_no_difference_and_are_told() {
        let one = answer(
            json!("ok, finished in 0.1 s at 2026-01-02T03:04:05.6Z"),
            &[],
        );
        let two = answer(json!("ok, finished in 12 s at 2026-01-02T03:04:17Z"), &[]);
        assert_eq!(one, two);
        assert!(one.differs_in_times(&two) && !one.differs_in_times(&one));
        for (one, two) in [
            ("v1.2", "v1.3"),
            ("12 seats", "13 seats"),
            ("1 sun", "2 sun"),
        ] {
            assert_ne!(answer(json!(one), &[]), answer(json!(two), &[]));
        }
    }

    #[test]
    fn differences_are_named_by_pointers_that_can_be_ignored() {
        let one = answer(json!({"a/b": [1, {"t": 5}], "c": "x"}), &[]);
        let two = answer(json!({"a/b": [1, {"t": 6}], "c": "x"}), &[]);
        assert_eq!(one.differences(&two), ["/a~1b/1/t"]);
        assert_eq!(one.differences(&one), Vec::<String>::new());
        assert_eq!(one.differences(&answer(json!([]), &[])), [""]);
    }
}
