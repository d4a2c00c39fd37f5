//! CPU and memory that calls of each tool needed, learned from ended attempts.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ToolName;

/// CPU and memory that calls of a tool needed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnedNeed {
    /// The tool.
    pub tool: ToolName,
    /// Cores that one call of it keeps busy while nothing is in its way.
    pub cores: f64,
    /// The most memory one call of it had, in bytes; older peaks fade.
    pub memory_bytes: u64,
    /// The same by arguments, for as many as are told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<LearnedVariant>,
}

/// CPU and memory that calls of a tool with the same arguments needed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LearnedVariant {
    /// The arguments.
    pub args: ArgsFingerprint,
    /// Cores, as in [`LearnedNeed`].
    pub cores: f64,
    /// Bytes, as in [`LearnedNeed`].
    pub memory_bytes: u64,
}

/// Bytes of arguments that their fingerprint is of.
const FINGERPRINTED_BYTES: usize = 64 << 10;

/// Stands for the arguments of a call as they are written, references
/// unresolved: the first 8 bytes of the SHA-256 of the beginning of their JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ArgsFingerprint(u64);

impl ArgsFingerprint {
    /// That of these arguments. No more than `FINGERPRINTED_BYTES` of their
    /// JSON are looked at: there may be many megabytes.
    pub fn of(args: &Value) -> Self {
        let mut beginning = Beginning {
            digest: Sha256::new(),
            left: FINGERPRINTED_BYTES,
        };
        // It ends early where there is more.
        let _is_whole = serde_json::to_writer(&mut beginning, args);
        let digest: [u8; 32] = beginning.digest.finalize().into();
        let first = digest.iter().take(8);
        Self(first.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// Digest of the beginning of what is written.
struct Beginning {
    digest: Sha256,
    left: usize,
}

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.get(..self.left.min(bytes.len())).unwrap_or_default();
        self.digest.update(taken);
        self.left -= taken.len();
        // Nothing written ends the writing.
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fingerprint_is_of_the_beginning_of_the_arguments() {
        let of = |text: String| ArgsFingerprint::of(&json!({ "text": text }));
        let short = of("x".to_owned());
        let whole: [u8; 32] = Sha256::digest(r#"{"text":"x"}"#).into();
        let first = u64::from_be_bytes(whole[..8].try_into().expect("eight bytes"));
        assert_eq!(short, ArgsFingerprint(first));
        assert_ne!(short, of("y".to_owned()));
        let long = "x".repeat(FINGERPRINTED_BYTES);
        assert_eq!(of(format!("{long}x")), of(format!("{long}y")));
    }
}
