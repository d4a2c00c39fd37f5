//! Folders of the program's own state: private to their owner, or not used,
//! since what stands in them decides what is killed, trusted and deleted.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use super::stat::{is_file, is_private};
use super::temporary::Temporary;

/// Longest wait for a lock that another process holds: it is held while a
/// small file is written.
const LOCK_WAIT: Duration = Duration::from_millis(500);

/// Pause between two tries to get a lock.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// Reason why a private folder, or a file in it, is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrivateFileError {
    /// The system refused.
    #[error("{}: {errno}", path.display())]
    Io {
        /// The folder or the file.
        path: PathBuf,
        /// The system's answer.
        errno: Errno,
    },
    /// A link where the folder should be could lead anywhere.
    #[error("{} is a link or no folder", path.display())]
    NotAFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Others could change what stands there.
    #[error("{} can be written by others, or belongs to someone else", path.display())]
    NotPrivate {
        /// The folder or the file.
        path: PathBuf,
    },
    /// A pipe, a device or a folder stands where a file should be.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// The file is longer than what is read or written.
    #[error("{} is longer than {bound} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Number of bytes that a file of its kind may have.
        bound: u64,
    },
    /// The file is no UTF-8 text.
    #[error("{} is not UTF-8 text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the lock.
    #[error("{} is locked by another process", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
}

impl PrivateFileError {
    /// Whether the contents of a file are at fault, so that writing the file
    /// anew mends it.
    pub fn is_in_contents(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::NotText { .. })
    }
}

/// An open folder (mode 0700) that only its owner can write.
///
/// Files in it are written with mode 0600. Links are never followed.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    descriptor: OwnedFd,
}

/// A lock among processes, held until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _folder: File,
}

impl PrivateFolder {
    /// Opens a folder; creates it and the folders above it if they are
    /// missing.
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        let created = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path);
        if let Err(error) = created {
            let is_other = fs::symlink_metadata(path).is_ok_and(|it| !it.is_dir());
            let path = path.to_owned();
            return Err(if is_other {
                PrivateFileError::NotAFolder { path }
            } else {
                io_error(path, &error)
            });
        }
        Self::checked(path.to_owned(), rustix::fs::CWD, path.as_os_str())
    }

    /// Opens a folder; `None` where there is none.
    pub fn find(path: &Path) -> Result<Option<Self>, PrivateFileError> {
        unless_missing(Self::checked(
            path.to_owned(),
            rustix::fs::CWD,
            path.as_os_str(),
        ))
    }

    /// Opens a folder in this one; creates it if it is missing.
    pub fn create_folder(&self, name: &str) -> Result<Self, PrivateFileError> {
        let path = self.path.join(name);
        match mkdirat(&self.descriptor, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(PrivateFileError::Io { path, errno }),
        }
        Self::checked(path, &self.descriptor, name.as_ref())
    }

    /// Opens a folder in this one; `None` where there is none.
    pub fn find_folder(&self, name: &str) -> Result<Option<Self>, PrivateFileError> {
        let path = self.path.join(name);
        unless_missing(Self::checked(path, &self.descriptor, name.as_ref()))
    }

    fn checked(path: PathBuf, above: impl AsFd, name: &OsStr) -> Result<Self, PrivateFileError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let descriptor = match openat(above, name, flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::LOOP | Errno::NOTDIR) => return Err(PrivateFileError::NotAFolder { path }),
            Err(errno) => return Err(PrivateFileError::Io { path, errno }),
        };
        match rustix::fs::fstat(&descriptor) {
            Ok(stat) if is_private(&stat) => Ok(Self { path, descriptor }),
            Ok(_) => Err(PrivateFileError::NotPrivate { path }),
            Err(errno) => Err(PrivateFileError::Io { path, errno }),
        }
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Descriptor of the folder.
    pub fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    /// Reads the text of a file; `None` where there is none. A longer file is
    /// an error and never a part of its text.
    pub fn read(&self, name: &str, most_bytes: u64) -> Result<Option<String>, PrivateFileError> {
        let path = || self.path.join(name);
        let Some(file) = self.open_file(name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let read = file.take(most_bytes + 1).read_to_end(&mut bytes);
        read.map_err(|error| io_error(path(), &error))?;
        if bytes.len() as u64 > most_bytes {
            return Err(PrivateFileError::TooLong {
                path: path(),
                bound: most_bytes,
            });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(PrivateFileError::NotText { path: path() }),
        }
    }

    fn open_file(&self, name: &str) -> Result<Option<File>, PrivateFileError> {
        let path = || self.path.join(name);
        // Opening a pipe must not wait for whoever writes to it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match openat(&self.descriptor, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NXIO) => {
                return Err(PrivateFileError::NotAFile { path: path() });
            }
            Err(errno) => {
                return Err(PrivateFileError::Io {
                    path: path(),
                    errno,
                });
            }
        };
        match rustix::fs::fstat(&file) {
            Ok(stat) if !is_file(&stat) => Err(PrivateFileError::NotAFile { path: path() }),
            Ok(stat) if !is_private(&stat) => Err(PrivateFileError::NotPrivate { path: path() }),
            Ok(_) => Ok(Some(File::from(file))),
            Err(errno) => Err(PrivateFileError::Io {
                path: path(),
                errno,
            }),
        }
    }

    /// Replaces the text of a file (mode 0600), whole or not at all.
    pub fn write(&self, name: &str, text: &str, most_bytes: u64) -> Result<(), PrivateFileError> {
        if text.len() as u64 > most_bytes {
            return Err(PrivateFileError::TooLong {
                path: self.path.join(name),
                bound: most_bytes,
            });
        }
        self.write_with(name, |mut file| file.write_all(text.as_bytes()))
            .map(drop)
    }

    /// Replaces a file (mode 0600), whole or not at all; returns it open, to be
    /// added to.
    pub fn write_with(
        &self,
        name: &str,
        write: impl FnOnce(&File) -> io::Result<()>,
    ) -> Result<File, PrivateFileError> {
        let mode = Mode::RUSR | Mode::WUSR;
        let written = || {
            let new = Temporary::create(&self.descriptor, name.as_ref(), mode)?;
            write(new.file())?;
            let file = new.file().try_clone()?;
            new.rename(name.as_ref())?;
            Ok(file)
        };
        written().map_err(|error| io_error(self.path.join(name), &error))
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, name: &str) -> Result<(), PrivateFileError> {
        match unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(PrivateFileError::Io {
                path: self.path.join(name),
                errno,
            }),
        }
    }

    /// Takes a lock among processes on the folder, so that reading a file and
    /// writing it anew can be one step.
    pub fn lock(&self) -> Result<FolderLock, PrivateFileError> {
        let path = || self.path.clone();
        // A descriptor of its own: two threads must not share the lock.
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = openat(&self.descriptor, ".", flags, Mode::empty());
        let folder = File::from(folder.map_err(|errno| PrivateFileError::Io {
            path: path(),
            errno,
        })?);
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            match folder.try_lock() {
                Ok(()) => return Ok(FolderLock { _folder: folder }),
                Err(fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::sleep(LOCK_PAUSE);
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(PrivateFileError::Locked { path: path() });
                }
                Err(fs::TryLockError::Error(error)) => return Err(io_error(path(), &error)),
            }
        }
    }
}

fn unless_missing(
    folder: Result<PrivateFolder, PrivateFileError>,
) -> Result<Option<PrivateFolder>, PrivateFileError> {
    match folder {
        Err(PrivateFileError::Io {
            errno: Errno::NOENT,
            ..
        }) => Ok(None),
        folder => folder.map(Some),
    }
}

fn io_error(path: PathBuf, error: &io::Error) -> PrivateFileError {
    PrivateFileError::Io {
        path,
        errno: Errno::from_io_error(error).unwrap_or(Errno::IO),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::FileType;

    use super::*;

    const MOST: u64 = 100;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    }

    fn fresh() -> (PrivateFolder, tempfile::TempDir) {
        let home = tempfile::tempdir().expect("a folder");
        let folder = PrivateFolder::create(&home.path().join("state")).expect("the folder");
        (folder, home)
    }

    #[test]
    fn a_missing_folder_is_made_for_us_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("state").join("fanout");
        assert!(PrivateFolder::find(&path).expect("no error").is_none());
        let state = PrivateFolder::create(&path).expect("the folder");
        assert!(state.find_folder("ledger").expect("no error").is_none());
        let ledger = state.create_folder("ledger").expect("the folder");
        for made in [home.path().join("state").as_path(), &path, ledger.path()] {
            assert_eq!(mode(made), 0o700, "{}", made.display());
        }
        let again = PrivateFolder::create(&path).expect("the same again");
        again.create_folder("ledger").expect("the same again");
    }

    #[test]
    fn torture_49_a_folder_that_others_can_write_is_refused() {
        let (state, _home) = fresh();
        let path = state.create_folder("ledger").expect("made").path;
        set_mode(&path, 0o777);
        let refused = state.create_folder("ledger").expect_err("a refusal");
        assert_eq!(refused, PrivateFileError::NotPrivate { path });
        let path = state.path.clone();
        set_mode(&path, 0o770);
        let refused = PrivateFolder::create(&path).expect_err("a refusal");
        assert_eq!(refused, PrivateFileError::NotPrivate { path });
    }

    #[test]
    fn torture_49_a_link_is_refused() {
        let (state, home) = fresh();
        symlink(home.path(), state.path.join("runs")).expect("a link");
        symlink(&state.path, home.path().join("link")).expect("a link");
        let path = home.path().join("link");
        let refused = PrivateFolder::create(&path).expect_err("a refusal");
        assert_eq!(refused, PrivateFileError::NotAFolder { path });
        let path = state.path.join("runs");
        let refused = state.create_folder("runs").expect_err("a refusal");
        assert_eq!(refused, PrivateFileError::NotAFolder { path });
    }

    #[test]
    fn files_are_ours_alone_and_no_link_is_followed() {
        let (folder, _home) = fresh();
        assert_eq!(folder.read("a", MOST), Ok(None));
        for text in ["one", "two"] {
            folder.write("a", text, MOST).expect("written");
            assert_eq!(folder.read("a", MOST), Ok(Some(text.to_owned())));
        }
        let path = folder.path().join("a");
        assert_eq!(mode(&path), 0o600);
        symlink("a", folder.path().join("b")).expect("a link");
        folder.read("b", MOST).expect_err("a link");
        folder.write("b", "three", MOST).expect("written");
        assert_eq!(folder.read("a", MOST), Ok(Some("two".to_owned())));
        set_mode(&path, 0o666);
        let refused = Err(PrivateFileError::NotPrivate { path });
        assert_eq!(folder.read("a", MOST), refused);
        let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn a_file_over_its_bound_is_an_error_and_not_cut() {
        let (folder, _home) = fresh();
        let path = folder.path().join("a");
        let text = "x".repeat(MOST as usize);
        folder.write("a", &text, MOST).expect("just fits");
        assert_eq!(folder.read("a", MOST), Ok(Some(text.clone())));
        let bound = MOST - 1;
        let refused = PrivateFileError::TooLong { path, bound };
        assert_eq!(folder.read("a", bound), Err(refused.clone()));
        assert_eq!(folder.write("a", &text, bound), Err(refused));
        assert_eq!(folder.read("a", MOST), Ok(Some(text)), "it stands");
    }

    #[test]
    fn pipes_and_folders_are_no_files_and_nobody_waits_for_them() {
        let (folder, _home) = fresh();
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(folder.descriptor(), "pipe", FileType::Fifo, mode, 0).expect("a pipe");
        folder.create_folder("folder").expect("a folder");
        for name in ["pipe", "folder"] {
            let path = folder.path().join(name);
            let refused = Err(PrivateFileError::NotAFile { path });
            assert_eq!(folder.read(name, MOST), refused);
        }
        let bad = folder.path().join("bad");
        fs::write(&bad, b"\xff").expect("written");
        let refused = Err(PrivateFileError::NotText { path: bad });
        assert_eq!(folder.read("bad", MOST), refused);
    }

    #[test]
    fn a_lock_is_held_by_one_at_a_time() {
        let (folder, _home) = fresh();
        let held = folder.lock().expect("the lock");
        let path = folder.path().to_owned();
        let refused = folder.lock().expect_err("it is held");
        assert_eq!(refused, PrivateFileError::Locked { path });
        drop(held);
        folder.lock().expect("the lock");
    }
}
