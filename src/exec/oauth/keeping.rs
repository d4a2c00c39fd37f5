//! Places where grants are kept, and why one cannot be used.

use std::fmt;
use std::path::PathBuf;

use crate::output::PrivateFileError;

/// Place where a grant is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptIn {
    /// The desktop's keyring.
    Keyring,
    /// A file.
    File(PathBuf),
}

impl fmt::Display for KeptIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("the keyring"),
            Self::File(path) => write!(f, "{} (mode 0600: no keyring runs here)", path.display()),
        }
    }
}

/// Reason that a grant cannot be read or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantStoreError {
    /// Neither a keyring nor a folder.
    #[error("there is neither a keyring nor a folder to keep it in")]
    NoPlace,
    /// The folder or a file in it.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The file is of another version, or was changed by hand.
    #[error("{} is not as this version writes it: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Words of the decoder.
        reason: String,
    },
    /// The keyring.
    #[error("the keyring: {0}")]
    Keyring(String),
}
