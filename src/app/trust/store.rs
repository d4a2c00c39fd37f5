//! The catalogues that the user trusts: a file for each, in the state folder.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::Folders;
use crate::catalogue::{DiscoveredFile, TrustItem};
use crate::output::{PrivateFileError, PrivateFolder};

/// Version of the files' format.
const VERSION: u32 = 1;

/// Length of a file, in bytes, beyond which it is neither read nor written.
const MOST_BYTES: u64 = 16 << 20;

/// Name of the folder in the state folder.
const FOLDER: &str = "trust";

/// Reason that nothing is known, or nothing can be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    #[error("there is no home folder")]
    NoHome,
    #[error(transparent)]
    Folder(#[from] PrivateFileError),
    #[error("{file} is not as this version writes it: {source}")]
    Malformed {
        file: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("{file} is of another version of fanout")]
    OtherVersion { file: String },
}

impl StoreError {
    /// Returns whether there is no place to keep anything, so that nothing can
    /// have been kept there.
    pub(super) fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::NoHome | Self::Folder(PrivateFileError::Io { .. })
        )
    }
}

/// A catalogue as it was when it was trusted.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TrustedCatalogue {
    version: u32,
    /// Path of the catalogue, for a person who reads the file.
    path: String,
    sha256: String,
    uses: Vec<TrustItem>,
}

impl TrustedCatalogue {
    /// Returns whether the file is still as it was.
    pub(super) fn is_of(&self, found: &DiscoveredFile) -> bool {
        self.version == VERSION && self.sha256 == found.digest()
    }

    /// Returns what its calls would have done.
    pub(super) fn uses(&self) -> &[TrustItem] {
        &self.uses
    }
}

/// The folder of trusted catalogues.
pub(super) struct TrustStore {
    folder: PrivateFolder,
}

impl TrustStore {
    /// Opens the folder; one that others can write is refused.
    pub(super) fn open() -> Result<Self, StoreError> {
        let folder = folder(FOLDER)?;
        Ok(Self { folder })
    }

    /// Returns the file at the same path as it was when it was trusted.
    pub(super) fn known(
        &self,
        found: &DiscoveredFile,
    ) -> Result<Option<TrustedCatalogue>, StoreError> {
        let file = file_of(found);
        let Some(text) = self.folder.read(&file, MOST_BYTES)? else {
            return Ok(None);
        };
        let known = serde_json::from_str(&text);
        known
            .map(Some)
            .map_err(|source| StoreError::Malformed { file, source })
    }

    /// Remembers that the file is trusted as it is.
    pub(super) fn keep(
        &self,
        found: &DiscoveredFile,
        uses: Vec<TrustItem>,
    ) -> Result<(), StoreError> {
        let file = file_of(found);
        let known = TrustedCatalogue {
            version: VERSION,
            path: found.path().display().to_string(),
            sha256: found.digest().to_owned(),
            uses,
        };
        match serde_json::to_string_pretty(&known) {
            Ok(text) => Ok(self.folder.write(&file, &text, MOST_BYTES)?),
            Err(source) => Err(StoreError::Malformed { file, source }),
        }
    }
}

/// Opens a folder in the state folder; one that others can write is refused.
pub(super) fn folder(name: &str) -> Result<PrivateFolder, StoreError> {
    let folders = Folders::find().ok_or(StoreError::NoHome)?;
    Ok(PrivateFolder::create(&folders.state())?.create_folder(name)?)
}

fn file_of(found: &DiscoveredFile) -> String {
    let path = found.path().as_os_str().as_encoded_bytes();
    format!("{:x}.json", Sha256::digest(path))
}
