//! A folder of small files for its owner alone.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

/// Bytes of a file that is read or written.
const MOST_BYTES: u64 = 16 << 20;

/// A file of the notebook cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotebookError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Unusable {
        /// The file or its folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// It is not of the form that this version writes.
    #[error("{} is not as this version writes it: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// A folder of small files (mode 0600) for its owner alone (mode 0700).
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at a path; nothing is made yet.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where a file of it is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes the folder and those above it, if they are missing.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn make(&self) -> Result<(), NotebookError> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path);
        made.map_err(|source| unusable(&self.path, source))
    }

    /// The text of a file; `None` where there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, NotebookError> {
        let path = self.file(name);
        match read(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(unusable(&path, source)),
        }
    }

    /// Writes a file whole or not at all, whoever else writes it now.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), NotebookError> {
        self.make()?;
        let path = self.file(name);
        let new = self.file(&format!("{name}.{}", std::process::id()));
        let written = write(&new, text).and_then(|()| fs::rename(&new, &path));
        written.map_err(|source| {
            // What cannot be removed is pruned like any other file.
            let _ = fs::remove_file(&new);
            unusable(&path, source)
        })
    }

    /// Removes the oldest files, so that so many stay.
    ///
    /// # Errors
    ///
    /// The folder cannot be listed.
    pub fn prune(&self, most: usize) -> Result<(), NotebookError> {
        let entries = fs::read_dir(&self.path).map_err(|source| unusable(&self.path, source))?;
        let mut files: Vec<_> = entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        let over = files.len().saturating_sub(most);
        for (_, path) in files.into_iter().take(over) {
            // Another run may have removed it.
            let _ = fs::remove_file(path);
        }
        Ok(())
    }

    pub(super) fn malformed(&self, name: &str, source: serde_json::Error) -> NotebookError {
        NotebookError::Malformed {
            path: self.file(name),
            source,
        }
    }
}

fn unusable(path: &Path, source: io::Error) -> NotebookError {
    NotebookError::Unusable {
        path: path.to_owned(),
        source,
    }
}

fn read(path: &Path) -> io::Result<String> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path)?;
    let mut text = String::new();
    file.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if text.len() as u64 > MOST_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    file.write_all(text.as_bytes())
}

/// A name for what these parts say together: 20 digits of their SHA-256.
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
