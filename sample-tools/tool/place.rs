//! Where the files of the sample tools lie.

use std::path::{Path, PathBuf};

use super::SampleToolError;

/// The prefix of paths inside the run's folder, `FANOUT_RUN_DIR`.
const RUN: &str = "run:";

/// A path as the user wrote it, and where it lies.
pub(super) struct Place {
    written: String,
    /// Where it lies on disk.
    pub(super) path: PathBuf,
}

impl Place {
    /// Finds a path: `run:NAME` lies in the run's folder, anything else in the
    /// working directory.
    pub(super) fn find(written: String) -> Result<Self, SampleToolError> {
        let path = match written.strip_prefix(RUN) {
            None => PathBuf::from(&written),
            Some(name) => {
                let folder = std::env::var_os("FANOUT_RUN_DIR")
                    .ok_or_else(|| SampleToolError::NoRunFolder(written.clone()))?;
                PathBuf::from(folder).join(name)
            }
        };
        Ok(Self { written, path })
    }

    /// How a file at or under this place is shown: the same in every run, also
    /// where the run's folder has another name each time.
    pub(super) fn shown(&self, file: &Path) -> String {
        match file.strip_prefix(&self.path) {
            Ok(rest) if rest.as_os_str().is_empty() => self.written.clone(),
            Ok(rest) => format!(
                "{}/{}",
                self.written.trim_end_matches('/'),
                rest.to_string_lossy()
            ),
            Err(_) => file.to_string_lossy().into_owned(),
        }
    }
}
