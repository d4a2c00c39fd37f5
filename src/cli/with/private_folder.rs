//! A folder for one start of an agent, in the folder of this session: its files
//! may hold the values of variables, so that only their owner can read them, and
//! they go when the agent does.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde_json::Value;

use crate::exec::proxy::MeetingFolder;
use crate::output::{PrivateFileError, PrivateFolder};

/// Folder of such folders.
const FOLDER: &str = "with";

/// Longest file.
const LONGEST: u64 = 64 << 20;

/// The folder, removed when it is dropped.
pub(super) struct LaunchFolder {
    folder: PrivateFolder,
}

impl LaunchFolder {
    pub(super) fn create() -> Result<Self, PrivateFileError> {
        let place = MeetingFolder::places(None).into_iter().next();
        let above = PrivateFolder::create(&place.unwrap_or_default())?;
        let above = above.create_folder(FOLDER)?;
        remove_left(above.path());
        let name = std::process::id().to_string();
        let folder = above.create_folder(&name)?;
        Ok(Self { folder })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file; returns its path.
    pub(super) fn write(&self, name: &str, value: &Value) -> Result<PathBuf, PrivateFileError> {
        self.folder.write(name, &value.to_string(), LONGEST)?;
        Ok(self.path().join(name))
    }

    /// Makes a folder in it that is another one, but for one file.
    pub(super) fn write_over(
        &self,
        other: &Path,
        name: &str,
        value: &Value,
    ) -> Result<(), PrivateFileError> {
        let folder = other.file_name().unwrap_or_default().to_string_lossy();
        let folder = self.folder.create_folder(&folder)?;
        folder.write(name, &value.to_string(), LONGEST)?;
        let link = || -> io::Result<()> {
            let entries = match fs::read_dir(other) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                if entry.file_name() != name {
                    symlink(entry.path(), folder.path().join(entry.file_name()))?;
                }
            }
            Ok(())
        };
        link().map_err(|error| PrivateFileError::Io {
            path: other.to_owned(),
            errno: Errno::from_io_error(&error).unwrap_or(Errno::IO),
        })
    }
}

impl Drop for LaunchFolder {
    fn drop(&mut self) {
        // Links in it are removed and not followed.
        let _gone = fs::remove_dir_all(self.path());
    }
}

/// Removes the folders of processes that were killed.
fn remove_left(above: &Path) {
    let Ok(entries) = fs::read_dir(above) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid: Option<i32> = name.to_str().and_then(|name| name.parse().ok());
        let is_gone = pid
            .and_then(Pid::from_raw)
            .is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH));
        if is_gone {
            let _gone = fs::remove_dir_all(entry.path());
        }
    }
}
