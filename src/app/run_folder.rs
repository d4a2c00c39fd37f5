//! The folder of one run, and the removal of folders that killed runs left.
//!
//! A run holds a lock on a file in its folder for as long as it lives, and the
//! system lets go of it however the run ends. The file gets its name only once
//! it is locked: one that is there and not locked is of a run that is dead.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Zoned;
use rustix::fs::OFlags;

use super::SessionError;
use crate::model::RunId;

/// Number of runs of one process that may begin within a second.
const MOST_A_SECOND: u32 = 1000;

/// Prefix of the names of these folders.
const PREFIX: &str = "fanout-";

/// Name of the file that is locked, and its name before that.
const LOCK: &str = ".lock";
const LOCK_BEFORE: &str = ".lock-new";

/// Permission bits of a file's mode.
const PERMISSIONS: u32 = 0o777;
/// Permissions of a folder that only its owner may use.
const PRIVATE: u32 = 0o700;

/// Number of left folders that one start removes; the rest waits for the next.
const MOST: usize = 64;

/// The folder of one run, with mode 0700. Dropping it removes it with
/// everything in it.
#[derive(Debug)]
pub(crate) struct RunFolder {
    pub(crate) run: RunId,
    pub(crate) path: PathBuf,
    /// `None` on a file system without locks: there the folder stays if the run
    /// is killed.
    _lock: Option<File>,
}

impl RunFolder {
    /// Makes a folder among the temporary files, and removes those that killed
    /// runs of the same user left there.
    pub(super) fn create() -> Result<Self, SessionError> {
        let temporary = std::env::temp_dir();
        remove_left(&temporary);
        Self::create_in(&temporary)
    }

    fn create_in(temporary: &Path) -> Result<Self, SessionError> {
        let stamp = Zoned::now().strftime("%Y%m%d-%H%M%S");
        let base = format!("{stamp}-{}", std::process::id());
        // An experiment may have several runs within a second.
        let numbered = (2..MOST_A_SECOND).map(|number| format!("{base}-{number}"));
        for name in std::iter::once(base.clone()).chain(numbered) {
            let path = temporary.join(format!("{PREFIX}{name}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let lock = lock(&path).ok();
                    return Ok(Self {
                        run: RunId::new(name),
                        path,
                        _lock: lock,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(SessionError::Folder { path, source }),
            }
        }
        let path = temporary.join(format!("{PREFIX}{base}"));
        let source = io::ErrorKind::AlreadyExists.into();
        Err(SessionError::Folder { path, source })
    }

    /// Returns the folder of the spill files.
    pub(super) fn outputs(&self) -> PathBuf {
        self.path.join(".outputs")
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of
        // temporary files; the run itself is over and not affected.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn lock(folder: &Path) -> io::Result<File> {
    let before = folder.join(LOCK_BEFORE);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&before)?;
    file.try_lock()?;
    fs::rename(&before, folder.join(LOCK))?;
    Ok(file)
}

/// Removes the folders of dead runs, except those that cannot be read or
/// removed.
fn remove_left(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else {
        return;
    };
    let left = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        let is_named = name.to_str().is_some_and(|name| name.starts_with(PREFIX));
        is_named && is_left(&entry.path())
    });
    for entry in left.take(MOST) {
        let _stays = fs::remove_dir_all(entry.path());
    }
}

/// Returns whether this is a private folder of this user whose run is dead. No
/// link is followed.
fn is_left(folder: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let is_ours = fs::symlink_metadata(folder)
        .is_ok_and(|it| it.is_dir() && it.uid() == own && it.mode() & PERMISSIONS == PRIVATE);
    let lock = OpenOptions::new()
        .read(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(folder.join(LOCK));
    is_ours && lock.is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// Makes what a killed run leaves: the lock's file, without a lock.
    fn leave(path: &Path) {
        DirBuilder::new().mode(0o700).create(path).expect("made");
        fs::write(path.join(LOCK), "").expect("written");
        fs::write(path.join("output"), "long").expect("written");
    }

    #[test]
    fn only_folders_of_dead_runs_are_removed() {
        let temporary = tempfile::tempdir().expect("a folder");
        let at = |name: &str| temporary.path().join(name);
        let alive = RunFolder::create_in(temporary.path()).expect("a folder");
        leave(&at("fanout-dead"));
        leave(&at("other-dead"));
        leave(&at("fanout-open"));
        fs::set_permissions(at("fanout-open"), fs::Permissions::from_mode(0o770)).expect("set");
        let begun = at("fanout-begun");
        DirBuilder::new().mode(0o700).create(begun).expect("made");
        let elsewhere = tempfile::tempdir().expect("a folder");
        leave(&elsewhere.path().join("kept"));
        symlink(elsewhere.path().join("kept"), at("fanout-link")).expect("linked");

        remove_left(temporary.path());
        assert!(!at("fanout-dead").exists());
        for name in ["other-dead", "fanout-open", "fanout-begun", "fanout-link"] {
            assert!(at(name).exists(), "{name}");
        }
        assert!(elsewhere.path().join("kept/output").exists());
        assert!(alive.path.exists());

        let path = alive.path.clone();
        drop(alive);
        assert!(!path.exists());
    }
}
