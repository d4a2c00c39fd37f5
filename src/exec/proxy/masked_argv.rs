//! A server's command as others may see it: words that look like secrets are
//! masked.

use crate::model::{MASK, is_secret_name};

/// Beginnings of keys that services give out.
const KEYS: &[&str] = &[
    "sk-",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
];

/// Returns the words of a command with secrets masked: values of options and of
/// assignments with a telling name, and words that look like keys.
pub(super) fn masked(argv: &[String]) -> Vec<String> {
    let mut is_value = false;
    let mask = |word: &String| {
        let was_value = std::mem::take(&mut is_value);
        if was_value && !word.starts_with('-') {
            return MASK.to_owned();
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        let is_secret = is_secret_name(name.trim_start_matches('-'));
        match value {
            Some(value) if is_secret || is_key(value) => format!("{name}={MASK}"),
            None if is_key(word) => MASK.to_owned(),
            _ => {
                is_value = is_secret && value.is_none() && name.starts_with('-');
                word.clone()
            }
        }
    };
    argv.iter().map(mask).collect()
}

fn is_key(word: &str) -> bool {
    word.len() >= 16 && KEYS.iter().any(|key| word.starts_with(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_look_like_secrets_are_masked() {
        let argv = [
            "npx",
            "--token",
            "hush",
            "--api-key=hush",
            "API_TOKEN=hush",
            "-v",
            "ghp_0123456789abcdefghij",
            "--file",
            "a.json",
            "--password",
            "--next",
        ];
        let argv = argv.map(str::to_owned);
        let shown = masked(&argv).join(" ");
        assert_eq!(
            shown,
            "npx --token *** --api-key=*** API_TOKEN=*** -v *** --file a.json --password --next"
        );
    }
}
