//! Copies of files as they were before they were wrapped.
//!
//! Unwrapping follows from the entries themselves; the copy is a second
//! way back, to the byte, as long as nobody has changed the file since.

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::{Folders, complain};
use crate::catalogue::LONGEST_FILE;
use crate::output::{PrivateFileError, PrivateFolder, Safe};

/// Folder of the copies, in the state folder.
const FOLDER: &str = "wrapped";

/// Longest copy: the text may grow where it is escaped.
const LONGEST: u64 = 8 * LONGEST_FILE;

/// A file as it was, and what was written instead.
#[derive(Debug, Serialize, Deserialize)]
struct Backup {
    version: u32,
    path: String,
    /// Digest of what was written.
    sha256: String,
    text: String,
}

/// Keeps a file as it was before; `after` is what was written. Where an earlier
/// copy is of the same file unchanged, that one stays.
pub(super) fn keep(path: &Path, before: &str, after: &str) {
    let kept = || {
        let Some(folder) = folder()? else {
            return Ok(());
        };
        let earlier = read(&folder, path)?.filter(|it| it.sha256 == digest(before));
        let backup = Backup {
            version: 1,
            path: path.display().to_string(),
            sha256: digest(after),
            text: earlier.map_or_else(|| before.to_owned(), |it| it.text),
        };
        let text = serde_json::to_string(&backup).unwrap_or_default();
        folder.write(&name(path), &text, LONGEST)
    };
    if let Err(error) = kept() {
        let text = format!("no copy of the file as it was is kept: {error}");
        complain(Safe::new(&text).as_str());
    }
}

/// Returns the file as it was before it was wrapped, if it still is what was
/// written then.
pub(super) fn before(path: &Path, now: &str) -> Option<String> {
    let backup = read(&folder().ok()??, path).ok()??;
    (backup.sha256 == digest(now)).then_some(backup.text)
}

/// Removes the copy of a file, which is as it was.
pub(super) fn forget(path: &Path) {
    if let Ok(Some(folder)) = folder() {
        let _gone = folder.remove(&name(path));
    }
}

fn folder() -> Result<Option<PrivateFolder>, PrivateFileError> {
    let Some(folders) = Folders::find() else {
        return Ok(None);
    };
    let state = PrivateFolder::create(&folders.state())?;
    state.create_folder(FOLDER).map(Some)
}

fn read(folder: &PrivateFolder, path: &Path) -> Result<Option<Backup>, PrivateFileError> {
    let text = folder.read(&name(path), LONGEST)?;
    let backup = text.and_then(|text| serde_json::from_str::<Backup>(&text).ok());
    Ok(backup.filter(|it| it.version == 1 && it.path == path.display().to_string()))
}

fn name(path: &Path) -> String {
    format!("{}.json", digest(&path.display().to_string()))
}

fn digest(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text) {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
