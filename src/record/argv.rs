//! Command lines as reports and events show them: as run, but for secrets.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{MASK, is_secret_name};

/// Replaces the values of secret arguments in a command line, wherever they
/// stand in it. `args` are the arguments of its call.
pub fn masked(words: &[String], args: &Value) -> Vec<String> {
    let mut secrets = BTreeSet::new();
    collect(args, false, &mut secrets);
    // The longest first: one may be a part of another.
    let mut secrets: Vec<String> = secrets.into_iter().collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mask = |word: &String| {
        let masked = secrets.iter();
        masked.fold(word.clone(), |word, secret| word.replace(secret, MASK))
    };
    words.iter().map(mask).collect()
}

/// Collects the texts and numbers that stand under a secret name.
fn collect(value: &Value, is_secret: bool, secrets: &mut BTreeSet<String>) {
    match value {
        Value::Object(values) => {
            for (name, value) in values {
                collect(value, is_secret || is_secret_name(name), secrets);
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect(value, is_secret, secrets)),
        Value::String(text) if is_secret && !text.is_empty() => {
            secrets.insert(text.clone());
        }
        Value::Number(number) if is_secret => {
            secrets.insert(number.to_string());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let args = json!({
            "url": "http://a", "api_token": "s3cret", "deep": {"passwords": ["s3cret-2", 77]},
        });
        let words = [
            "curl",
            "-H",
            "Auth: s3cret-2",
            "http://a",
            "--pin=77",
            "s3cret",
        ];
        let words = words.map(str::to_owned);
        let shown = masked(&words, &args);
        let expected = ["curl", "-H", "Auth: ***", "http://a", "--pin=***", "***"];
        assert_eq!(shown, expected);
    }
}
