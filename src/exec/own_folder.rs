//! A folder that is ours alone, or is not used: what stands in it decides what
//! is killed, and what is trusted.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::Errno;

/// Bytes of a file that are read; what is longer is not ours.
const MOST_BYTES: u64 = 64 << 20;

/// Why a folder, or a file in it, is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, opened, read or written.
    #[error("{}: {errno}", path.display())]
    Unusable {
        /// The folder or the file.
        path: PathBuf,
        /// The system's answer.
        errno: Errno,
    },
    /// A link where the folder should be could lead anywhere.
    #[error("{} is a link or no folder", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// Somebody else could change what stands there.
    #[error("{} can be written by others, or belongs to someone else", path.display())]
    NotOurs {
        /// The folder or the file.
        path: PathBuf,
    },
}

/// An open folder that was found to be ours alone.
#[derive(Debug)]
pub struct OwnFolder {
    path: PathBuf,
    descriptor: OwnedFd,
}

impl OwnFolder {
    /// A folder of this name in the state folder, both made if they are
    /// missing, with access for nobody else.
    pub fn open(state: &Path, name: &str) -> Result<Self, FolderError> {
        let path = state.join(name);
        for folder in [state, &path] {
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder);
            if let Err(error) = made {
                let is_other = fs::symlink_metadata(folder).is_ok_and(|it| !it.is_dir());
                if is_other {
                    let folder = folder.to_owned();
                    return Err(FolderError::NoFolder { folder });
                }
                return Err(unusable(folder, &error));
            }
        }
        check(state)?;
        let descriptor = check(&path)?;
        Ok(Self { path, descriptor })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    /// The text of a file in it; `None` where there is none. A link is not
    /// followed, and a file that others can write is refused.
    pub fn read(&self, name: &str) -> Result<Option<String>, FolderError> {
        let path = self.path.join(name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match openat(&self.descriptor, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(FolderError::Unusable { path, errno }),
        };
        if !is_ours(&file, FileType::RegularFile).map_err(|errno| FolderError::Unusable {
            path: path.clone(),
            errno,
        })? {
            return Err(FolderError::NotOurs { path });
        }
        let mut text = String::new();
        File::from(file)
            .take(MOST_BYTES)
            .read_to_string(&mut text)
            .map_err(|error| unusable(&path, &error))?;
        Ok(Some(text))
    }

    /// Writes a file in it (mode 0600), whole or not at all.
    pub fn write(&self, name: &str, text: &str) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let new = format!("{name}.{}", std::process::id());
        let written = self.write_new(&new, text).and_then(|()| {
            let (from, to) = (&self.descriptor, &self.descriptor);
            Ok(renameat(from, &new, to, name)?)
        });
        written.map_err(|error| {
            let _nothing_there = unlinkat(&self.descriptor, &new, AtFlags::empty());
            unusable(&path, &error)
        })
    }

    fn write_new(&self, name: &str, text: &str) -> io::Result<()> {
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::TRUNC | OFlags::NOFOLLOW;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = openat(&self.descriptor, name, flags | OFlags::CLOEXEC, mode)?;
        let mut file = File::from(file);
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

fn check(folder: &Path) -> Result<OwnedFd, FolderError> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let path = || folder.to_owned();
    let descriptor =
        rustix::fs::open(folder, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::LOOP | Errno::NOTDIR => FolderError::NoFolder { folder: path() },
            errno => FolderError::Unusable {
                path: path(),
                errno,
            },
        })?;
    match is_ours(&descriptor, FileType::Directory) {
        Ok(true) => Ok(descriptor),
        Ok(false) => Err(FolderError::NotOurs { path: path() }),
        Err(errno) => Err(FolderError::Unusable {
            path: path(),
            errno,
        }),
    }
}

/// Whether it is of this kind, belongs to us, and nobody else can write it.
fn is_ours(descriptor: &OwnedFd, kind: FileType) -> Result<bool, Errno> {
    let stat = rustix::fs::fstat(descriptor)?;
    let is_kind = FileType::from_raw_mode(stat.st_mode) == kind;
    let is_own = stat.st_uid == rustix::process::geteuid().as_raw();
    let is_closed = Mode::from_raw_mode(stat.st_mode)
        .intersection(Mode::WGRP | Mode::WOTH)
        .is_empty();
    Ok(is_kind && is_own && is_closed)
}

fn unusable(path: &Path, error: &io::Error) -> FolderError {
    FolderError::Unusable {
        path: path.to_owned(),
        errno: Errno::from_io_error(error).unwrap_or(Errno::IO),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn a_missing_folder_is_made_for_us_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let state = home.path().join("state").join("fanout");
        let folder = OwnFolder::open(&state, "ledger").expect("the folder");
        for made in [state.as_path(), folder.path()] {
            assert_eq!(mode(made), 0o700, "{}", made.display());
        }
        OwnFolder::open(&state, "ledger").expect("the same again");
    }

    #[test]
    fn torture_49_a_folder_that_others_can_write_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let state = home.path().join("state");
        fs::create_dir(&state).expect("a folder");
        fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).expect("permissions");
        let refused = OwnFolder::open(&state, "ledger").expect_err("a refusal");
        assert_eq!(refused, FolderError::NotOurs { path: state });
    }

    #[test]
    fn torture_49_a_link_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let state = home.path().join("state");
        let elsewhere = tempfile::tempdir().expect("a folder");
        symlink(elsewhere.path(), &state).expect("a link");
        let refused = OwnFolder::open(&state, "ledger").expect_err("a refusal");
        assert_eq!(refused, FolderError::NoFolder { folder: state });
    }

    #[test]
    fn files_are_ours_alone_and_no_link_is_followed() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = OwnFolder::open(&home.path().join("state"), "x").expect("the folder");
        assert_eq!(folder.read("a"), Ok(None));
        for text in ["one", "two"] {
            folder.write("a", text).expect("written");
            assert_eq!(folder.read("a"), Ok(Some(text.to_owned())));
        }
        let path = folder.path().join("a");
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("permissions");
        assert_eq!(folder.read("a"), Err(FolderError::NotOurs { path }));
        symlink("a", folder.path().join("b")).expect("a link");
        folder.read("b").expect_err("a link");
    }
}
