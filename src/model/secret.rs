//! Names that say that their value is a secret.

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
