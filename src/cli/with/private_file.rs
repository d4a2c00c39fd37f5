//! A file for one start of an agent, in the folder of this session: it may hold
//! the values of variables, so that only its owner can read it, and it goes when
//! the agent does.

use std::path::PathBuf;

use serde_json::Value;

use crate::exec::proxy::MeetingFolder;
use crate::output::{PrivateFileError, PrivateFolder};

/// Folder of such files.
const FOLDER: &str = "with";

/// Longest such file.
const LONGEST: u64 = 64 << 20;

/// The file, removed when it is dropped.
pub(super) struct PrivateFile {
    folder: PrivateFolder,
    name: String,
}

impl PrivateFile {
    pub(super) fn create(value: &Value) -> Result<Self, PrivateFileError> {
        let place = MeetingFolder::places(None).into_iter().next();
        let folder = PrivateFolder::create(&place.unwrap_or_default())?;
        let folder = folder.create_folder(FOLDER)?;
        remove_left(&folder);
        let name = format!("{}.json", std::process::id());
        folder.write(&name, &value.to_string(), LONGEST)?;
        Ok(Self { folder, name })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        let _gone = self.folder.remove(&self.name);
    }
}

/// Removes the files of processes that were killed.
fn remove_left(folder: &PrivateFolder) {
    let Ok(entries) = std::fs::read_dir(folder.path()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let pid: Option<i32> = name.strip_suffix(".json").and_then(|it| it.parse().ok());
        let is_gone = pid
            .and_then(rustix::process::Pid::from_raw)
            .is_some_and(|pid| {
                rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
            });
        if is_gone {
            let _gone = folder.remove(&name);
        }
    }
}
