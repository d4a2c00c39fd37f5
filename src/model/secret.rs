//! Values that are never shown, and the names that say that theirs is one.

use std::fmt;

/// Parts of such names, in lower case.
const WORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "api_key",
    "apikey",
    "api-key",
];

/// Text that stands for a secret.
pub const MASK: &str = "***";

/// Whether the name of an argument or of a variable says that its value is a
/// secret.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Beginnings of tokens that services give out.
const TOKEN_STARTS: [&str; 16] = [
    "sk-",
    "pk-",
    "rk_",
    "sk_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "ASIA",
    "AIza",
    "eyJ",
    "Bearer ",
];

/// Length from which one word of letters and digits is taken for a token.
const TOKEN_CHARS: usize = 32;

/// Whether a text looks like a secret, whatever its name: a token of a known
/// service, a long word of letters and digits at random, an address with a
/// password in it, a private key.
pub fn looks_secret(text: &str) -> bool {
    let text = text.trim();
    let is_token = TOKEN_STARTS
        .iter()
        .any(|start| text.strip_prefix(start).is_some_and(|rest| rest.len() >= 8));
    is_token || is_random(text) || has_password(text) || text.contains("PRIVATE KEY-----")
}

/// Whether a text is one long word with digits among small and capital letters.
/// Digests in hexadecimal have one case only and are no secrets.
fn is_random(text: &str) -> bool {
    let is_word = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '+' | '=');
    let has = |is: fn(&char) -> bool| text.chars().filter(is).count() >= 3;
    text.len() >= TOKEN_CHARS
        && text.chars().all(is_word)
        && has(char::is_ascii_digit)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
}

/// Whether a text is an address with a user's password, or with a secret among
/// its parameters.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_user = host
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.contains(':'));
    let (_, parameters) = rest.split_once('?').unwrap_or_default();
    let is_named = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or_default();
        !value.is_empty() && (is_secret_name(name) || name.eq_ignore_ascii_case("key"))
    };
    is_user || parameters.split('&').any(is_named)
}

/// A value that is never shown: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for whoever needs it and shows it to nobody.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_like_secrets_are_known() {
        for secret in [
            "sk-proj-0123456789",
            "ghp_abcdefghijklmno",
            "Bearer abcdefgh12",
            "eyJhbGciOiJIUzI1NiJ9.e30.x",
            "Zx81kQp0Lm92TtYuWq7aBc3dEf5gHi6J",
            "https://me:hunter2@host/path",
            "https://host/mcp?key=u-1234567",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
        for plain in [
            "src/net/pool.rs",
            "sk-8",
            "d41d8cd98f00b204e9800998ecf8427e00",
            "https://host/?page=2",
            "a sentence that has more than thirty-two letters in it",
        ] {
            assert!(!looks_secret(plain), "{plain}");
        }
    }
}
