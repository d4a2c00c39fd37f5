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
