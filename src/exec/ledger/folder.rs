//! The folder of the ledger: ours alone, or not used.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

/// Why no ledger is kept. Without one, what is left by a death of everything
/// at once is not found at the next start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The folder cannot be made or opened.
    #[error("{}: {errno}", folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// The system's answer.
        errno: Errno,
    },
    /// A link where the folder should be could lead anywhere.
    #[error("{} is a link or no folder", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// Somebody else could write into it what is killed at the next start.
    #[error("{} can be written by others, or belongs to someone else", folder.display())]
    NotOurs {
        /// The folder.
        folder: PathBuf,
    },
    /// Process ids or the machine's start have no names here.
    #[error("the system does not name its boot or its process ids")]
    NoPlace,
}

/// An open folder that was found to be ours alone.
#[derive(Debug)]
pub(in crate::exec) struct Folder {
    path: PathBuf,
    descriptor: OwnedFd,
}

impl Folder {
    /// The `ledger` folder in the state folder, both made if they are missing,
    /// with access for nobody else.
    pub(in crate::exec) fn open(state: &Path) -> Result<Self, LedgerError> {
        let path = state.join("ledger");
        for folder in [state, &path] {
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder);
            if let Err(error) = made {
                let is_other = fs::symlink_metadata(folder).is_ok_and(|it| !it.is_dir());
                if is_other {
                    let folder = folder.to_owned();
                    return Err(LedgerError::NoFolder { folder });
                }
                let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
                return Err(unusable(folder, errno));
            }
        }
        check(state)?;
        let descriptor = check(&path)?;
        Ok(Self { path, descriptor })
    }

    pub(in crate::exec) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }
}

fn check(folder: &Path) -> Result<OwnedFd, LedgerError> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let descriptor = rustix::fs::open(folder, flags, Mode::empty()).map_err(|errno| {
        let folder = folder.to_owned();
        match errno {
            Errno::LOOP | Errno::NOTDIR => LedgerError::NoFolder { folder },
            errno => LedgerError::Unusable { folder, errno },
        }
    })?;
    let stat = rustix::fs::fstat(&descriptor).map_err(|errno| unusable(folder, errno))?;
    let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    let is_own = stat.st_uid == rustix::process::geteuid().as_raw();
    let is_closed = Mode::from_raw_mode(stat.st_mode)
        .intersection(Mode::WGRP | Mode::WOTH)
        .is_empty();
    if is_folder && is_own && is_closed {
        Ok(descriptor)
    } else {
        let folder = folder.to_owned();
        Err(LedgerError::NotOurs { folder })
    }
}

fn unusable(folder: &Path, errno: Errno) -> LedgerError {
    let folder = folder.to_owned();
    LedgerError::Unusable { folder, errno }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_missing_folder_is_made_for_us_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let state = home.path().join("state").join("fanout");
        let folder = Folder::open(&state).expect("the ledger's folder");
        for made in [state.as_path(), folder.path()] {
            let mode = fs::metadata(made).expect("a folder").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", made.display());
        }
        Folder::open(&state).expect("the same again");
    }

    #[test]
    fn torture_49_a_folder_that_others_can_write_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let state = home.path().join("state");
        fs::create_dir(&state).expect("a folder");
        fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).expect("permissions");
        let refused = Folder::open(&state).expect_err("a refusal");
        assert_eq!(refused, LedgerError::NotOurs { folder: state });
    }

    #[test]
    fn torture_49_a_link_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let state = home.path().join("state");
        let elsewhere = tempfile::tempdir().expect("a folder");
        symlink(elsewhere.path(), &state).expect("a link");
        let refused = Folder::open(&state).expect_err("a refusal");
        assert_eq!(refused, LedgerError::NoFolder { folder: state });
    }
}
