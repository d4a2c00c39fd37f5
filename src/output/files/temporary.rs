//! New files beside the ones that they will replace.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::stat::{is_file, is_owned};

/// End of the names of files that have not replaced anything yet.
pub(super) const SUFFIX: &str = ".new";

/// Number of new files of this process, so that two threads never share one.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Returns a name, of no other file, for what will replace the file `name`.
pub(super) fn name(name: &OsStr) -> OsString {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut new = OsString::from(".");
    new.push(name);
    new.push(format!(".{}-{count}{SUFFIX}", std::process::id()));
    new
}

/// Removes the new files that killed processes left of the file `name`.
pub(super) fn remove_left(folder: &OwnedFd, name: &OsStr) {
    let Ok(entries) = Dir::read_from(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let left = OsStr::from_bytes(entry.file_name().to_bytes());
        let is_left = owner_of(left, name).is_some_and(|pid| !is_alive(pid));
        let stat = statat(folder, left, AtFlags::SYMLINK_NOFOLLOW);
        if is_left && stat.is_ok_and(|it| is_file(&it) && is_owned(&it)) {
            let _taken_by_another = unlinkat(folder, left, AtFlags::empty());
        }
    }
}

/// The process that made a new file of the file `name`.
fn owner_of(new: &OsStr, name: &OsStr) -> Option<u32> {
    let rest = new.as_bytes().strip_prefix(b".")?;
    let rest = rest.strip_prefix(name.as_bytes())?.strip_prefix(b".")?;
    let process = std::str::from_utf8(rest).ok()?.strip_suffix(SUFFIX)?;
    process.split_once('-')?.0.parse().ok()
}

fn is_alive(pid: u32) -> bool {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed());
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(Errno::SRCH))
}

/// A new file in a folder, removed when it is dropped before [`Self::rename`].
pub(super) struct Temporary<'f> {
    folder: BorrowedFd<'f>,
    name: Option<OsString>,
    file: File,
}

impl<'f> Temporary<'f> {
    /// Creates the file that will replace the file `name` of a folder.
    pub(super) fn create(folder: &'f OwnedFd, name: &OsStr, mode: Mode) -> io::Result<Self> {
        let new = self::name(name);
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let open = || openat(folder, &new, flags, mode);
        let file = open().or_else(|errno| {
            if errno != Errno::EXIST {
                return Err(errno);
            }
            // A dead process that had this id has left it.
            unlinkat(folder, &new, AtFlags::empty())?;
            open()
        })?;
        Ok(Self {
            folder: folder.as_fd(),
            name: Some(new),
            file: File::from(file),
        })
    }

    /// The file, to be written.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name once its contents are on the disk.
    pub(super) fn rename(mut self, name: &OsStr) -> io::Result<()> {
        self.file.flush()?;
        self.file.sync_all()?;
        let Some(new) = &self.name else {
            return Ok(());
        };
        renameat(self.folder, new, self.folder, name)?;
        self.name = None;
        // Some file systems cannot sync a folder: the file stands all the same.
        let _unsupported = rustix::fs::fsync(self.folder);
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _gone = unlinkat(self.folder, name, AtFlags::empty());
        }
    }
}
