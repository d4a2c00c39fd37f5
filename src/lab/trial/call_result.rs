//! The result of a call, in a form that can be compared.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::Outcome;

/// Longest output, as JSON, that is kept to be shown.
const KEPT_BYTES: usize = 16 * 1024;

/// How a call ended and what it printed, what may differ left out.
#[derive(Debug, Clone)]
pub struct CallResult {
    /// How it ended; `None` where it did not.
    pub outcome: Option<Outcome>,
    /// Its output, unless it is long.
    pub output: Option<Value>,
    digest: [u8; 32],
}

impl PartialEq for CallResult {
    fn eq(&self, other: &Self) -> bool {
        self.outcome == other.outcome && self.digest == other.digest
    }
}

impl Eq for CallResult {}

impl CallResult {
    /// An outcome with an output. What the pointers in `ignore` lead to counts
    /// as nothing; objects are the same in whatever order their keys stand.
    pub fn new(outcome: Option<Outcome>, output: Option<Value>, ignore: &[String]) -> Self {
        let mut output = output.unwrap_or(Value::Null);
        for pointer in ignore {
            if let Some(place) = output.pointer_mut(pointer) {
                *place = Value::Null;
            }
        }
        output.sort_all_objects();
        let text = output.to_string();
        Self {
            outcome,
            digest: Sha256::digest(text.as_bytes()).into(),
            output: (text.len() <= KEPT_BYTES).then_some(output),
        }
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
        let ignore: Vec<String> = ignore.iter().map(ToString::to_string).collect();
        CallResult::new(Some(Outcome::Succeeded), Some(output), &ignore)
    }

    #[test]
    fn what_is_ignored_and_the_order_of_keys_make_no_difference() {
        let one = answer(json!({"a": 1, "b": {"t": 5}}), &["/b/t", "/none"]);
        let two = answer(json!({"b": {"t": 6}, "a": 1}), &["/b/t", "/none"]);
        assert_eq!(one, two);
        assert_ne!(one, answer(json!({"a": 2, "b": {"t": 5}}), &["/b/t"]));
        assert_eq!(answer(json!("x"), &[""]), answer(json!("y"), &[""]));
        let failed = CallResult::new(Some(Outcome::Failed), Some(json!(1)), &[]);
        assert_ne!(failed, answer(json!(1), &[]));
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
