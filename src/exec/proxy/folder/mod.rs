//! The folder in which shims and dashboards of one user meet.
//!
//! Its path follows from the user's id alone: agents strip variables from
//! their servers' environment, so that no variable is the same at both ends.
//! Everything in it is reached through the opened folder, never by its path
//! again, and it is not used unless it belongs to this user and is closed to
//! everybody else.

mod error;
mod peer;
mod socket;
#[cfg(test)]
mod tests;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, stat};
use rustix::io::Errno;

pub use self::error::FolderError;
pub use self::peer::{Peer, PeerError, peer_of};
pub use self::socket::{ConnectError, ShimSocket};

/// Folder of the sockets.
const AGENTS: &str = "agents";

/// Folder of the locks.
const LOCKS: &str = "locks";

/// Everything that a user other than the owner could do.
const OTHERS: Mode = Mode::RWXG.union(Mode::RWXO);

/// A meeting folder that was checked, and its two folders.
#[derive(Debug)]
pub struct MeetingFolder {
    path: PathBuf,
    agents: OwnedFd,
    locks: OwnedFd,
}

impl MeetingFolder {
    /// Returns where a meeting folder may be, the one that a shim uses first:
    /// `via` alone where it is given, else the one of the user's session where
    /// there is a session, and the one for everybody's temporary files.
    pub fn places(via: Option<&Path>) -> Vec<PathBuf> {
        if let Some(via) = via {
            return vec![via.to_owned()];
        }
        let uid = rustix::process::geteuid().as_raw();
        let session = PathBuf::from(format!("/run/user/{uid}"));
        let is_sound = stat(&session).is_ok_and(|stat| is_folder(&stat) && fault(&stat).is_none());
        let session = is_sound.then(|| session.join("fanout"));
        let temporary = PathBuf::from(format!("/tmp/fanout-{uid}"));
        session.into_iter().chain([temporary]).collect()
    }

    /// Opens the folder that a shim uses, and makes it where there is none.
    pub fn of_shim(via: Option<&Path>) -> Result<Self, FolderError> {
        let places = Self::places(via);
        let place = places.into_iter().next().unwrap_or_default();
        Self::open(&place, Absent::Make)
    }

    /// Opens every meeting folder that exists, and makes those that do not:
    /// locks are taken in each.
    pub fn all_made(via: Option<&Path>) -> Vec<Result<Self, FolderError>> {
        let places = Self::places(via).into_iter();
        places
            .map(|place| Self::open(&place, Absent::Make))
            .collect()
    }

    /// Opens every meeting folder that exists. One that cannot be used is
    /// listed with the reason.
    pub fn all_existing(via: Option<&Path>) -> Vec<Result<Self, FolderError>> {
        let places = Self::places(via).into_iter();
        places
            .map(|place| Self::open(&place, Absent::Refuse))
            .filter(|opened| !matches!(opened, Err(FolderError::Missing { .. })))
            .collect()
    }

    fn open(path: &Path, absent: Absent) -> Result<Self, FolderError> {
        let whole = open_checked(CWD, path, path, absent)?;
        let agents = open_checked(whole.as_fd(), Path::new(AGENTS), path, absent)?;
        let locks = open_checked(whole.as_fd(), Path::new(LOCKS), path, absent)?;
        Ok(Self {
            path: path.to_owned(),
            agents,
            locks,
        })
    }

    /// Returns the folder's path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the folder of sockets, to be watched for changes;
    /// what it names is opened through [`connect`](Self::connect) only.
    pub fn agents_path(&self) -> PathBuf {
        self.path.join(AGENTS)
    }

    /// Returns the folder of locks.
    pub fn locks(&self) -> BorrowedFd<'_> {
        self.locks.as_fd()
    }
}

/// Treatment of a folder that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absent {
    Make,
    Refuse,
}

/// Opens a folder and checks that it is this user's alone. `whole` is the
/// meeting folder, for messages.
fn open_checked(
    parent: BorrowedFd<'_>,
    name: &Path,
    whole: &Path,
    absent: Absent,
) -> Result<OwnedFd, FolderError> {
    // The meeting folder's own path is absolute, and replaces what it is joined to.
    let path = || whole.join(name);
    if absent == Absent::Make
        && let Err(errno) = mkdirat(parent, name, Mode::RWXU)
        && errno != Errno::EXIST
    {
        return Err(FolderError::System {
            path: path(),
            errno,
        });
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let folder = openat(parent, name, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::NOENT => FolderError::Missing { path: path() },
        Errno::LOOP | Errno::NOTDIR => FolderError::NotAFolder { path: path() },
        errno => FolderError::System {
            path: path(),
            errno,
        },
    })?;
    let stat = fstat(&folder).map_err(|errno| FolderError::System {
        path: path(),
        errno,
    })?;
    match fault(&stat) {
        None => Ok(folder),
        Some(Fault::Owner(uid)) => Err(FolderError::ForeignOwner { path: path(), uid }),
        Some(Fault::Mode(mode)) => Err(FolderError::OpenToOthers { path: path(), mode }),
    }
}

/// Reason that a folder is not this user's alone.
enum Fault {
    /// It belongs to the user of this id.
    Owner(u32),
    /// Others may use it, by this mode.
    Mode(u32),
}

fn fault(stat: &Stat) -> Option<Fault> {
    let mode = Mode::from_raw_mode(stat.st_mode);
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        Some(Fault::Owner(stat.st_uid))
    } else if mode.intersects(OTHERS) {
        Some(Fault::Mode(mode.as_raw_mode() & 0o7777))
    } else {
        None
    }
}

fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}
