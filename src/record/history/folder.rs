//! The folders of the history, opened for each use.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::output::{PrivateFileError, PrivateFolder};

/// Length of a file, in bytes, beyond which it is neither read nor written.
const MOST_BYTES: u64 = 16 << 20;

/// Reason why a file of the history cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file cannot be read or written, or its folder is not private.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The file is not of the form that this version writes.
    #[error("{} is not as this version writes it: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Reason given by the reader.
        source: serde_json::Error,
    },
}

impl HistoryError {
    /// Whether the contents of a file are at fault, so that writing the file
    /// anew mends it.
    pub(super) fn is_in_contents(&self) -> bool {
        match self {
            Self::File(error) => error.is_in_contents(),
            Self::Malformed { .. } => true,
        }
    }
}

/// One folder of the history: the state folder, or a folder in it. It is
/// created when something is first written.
#[derive(Debug, Clone)]
pub(super) struct HistoryFolder {
    pub(super) state: PathBuf,
    /// Name in the state folder; `None` for the state folder itself.
    pub(super) name: Option<&'static str>,
}

impl HistoryFolder {
    /// Opens the folder; `None` where there is none.
    pub(super) fn find(&self) -> Result<Option<PrivateFolder>, PrivateFileError> {
        match (PrivateFolder::find(&self.state)?, self.name) {
            (Some(state), Some(name)) => state.find_folder(name),
            (state, _) => Ok(state),
        }
    }

    /// Opens the folder; creates it if it is missing.
    pub(super) fn create(&self) -> Result<PrivateFolder, PrivateFileError> {
        let state = PrivateFolder::create(&self.state)?;
        match self.name {
            Some(name) => state.create_folder(name),
            None => Ok(state),
        }
    }

    /// Reads a file; `None` where there is none.
    pub(super) fn read<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> serde_json::Result<T>,
    ) -> Result<Option<T>, HistoryError> {
        match self.find()? {
            Some(folder) => read(&folder, name, parse),
            None => Ok(None),
        }
    }

    /// Changes a file as one step among processes. A file whose contents
    /// cannot be used is set aside and written anew.
    pub(super) fn update<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> serde_json::Result<T>,
        change: impl FnOnce(Option<T>) -> T,
    ) -> Result<PrivateFolder, HistoryError>
    where
        T: serde::Serialize,
    {
        let folder = self.create()?;
        let lock = folder.lock()?;
        let before = match read(&folder, name, parse) {
            Err(error) if error.is_in_contents() => {
                folder.set_aside(name)?;
                None
            }
            before => before?,
        };
        write(&folder, name, &change(before))?;
        drop(lock);
        Ok(folder)
    }
}

/// Reads a file of a folder; `None` where there is none.
pub(super) fn read<T>(
    folder: &PrivateFolder,
    name: &str,
    parse: impl FnOnce(&str) -> serde_json::Result<T>,
) -> Result<Option<T>, HistoryError> {
    let Some(text) = folder.read(name, MOST_BYTES)? else {
        return Ok(None);
    };
    let value = parse(&text).map_err(|source| malformed(folder, name, source))?;
    Ok(Some(value))
}

/// Replaces a file of a folder.
pub(super) fn write(
    folder: &PrivateFolder,
    name: &str,
    value: &impl serde::Serialize,
) -> Result<(), HistoryError> {
    let text = serde_json::to_string(value);
    let text = text.map_err(|source| malformed(folder, name, source))?;
    Ok(folder.write(name, &text, MOST_BYTES)?)
}

fn malformed(folder: &PrivateFolder, name: &str, source: serde_json::Error) -> HistoryError {
    HistoryError::Malformed {
        path: folder.path().join(name),
        source,
    }
}

/// Name for the parts together: 20 hexadecimal digits of their SHA-256.
pub fn fingerprint(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    let bytes = digest.iter().take(10);
    let digits: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// Whether a file is named by a [`fingerprint`] and ends so, as the files of
/// the history do: no other file of a folder is ever pruned.
pub fn is_fingerprinted(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|digits| {
        digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
