//! CPU and memory that calls of each tool needed, learned from ended attempts.

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

/// Stands for the arguments of a call as they are written, references
/// unresolved: the first 8 bytes of the SHA-256 of their JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ArgsFingerprint(u64);

impl ArgsFingerprint {
    /// That of these arguments.
    pub fn of(args: &Value) -> Self {
        let digest: [u8; 32] = Sha256::digest(args.to_string()).into();
        let first = digest.iter().take(8);
        Self(first.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}
