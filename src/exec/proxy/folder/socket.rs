//! Sockets in the meeting folder: one a shim, named after its process.

use std::ffi::OsStr;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use rustix::fs::{
    AtFlags, Dir, FileType, Timespec, Timestamps, UTIME_NOW, renameat, statat, unlinkat, utimensat,
};
use rustix::io::Errno;

use super::peer::{PeerError, peer_of};
use super::{FolderError, MeetingFolder};

/// End of a socket's name.
const SUFFIX: &str = ".sock";

/// Names that are listed at most; more cannot come from shims that live.
const MOST: usize = 4096;

/// Name of a shim's socket: `PID-HHHHHHHH.sock`, with eight random hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShimSocket {
    pid: u32,
    id: String,
}

/// Reason that a shim's socket is not used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The shim is dead; its socket was removed.
    #[error("the proxy is gone")]
    Gone,
    /// Something else stands in the socket's place.
    #[error("{name} is no socket of this user")]
    NotASocket {
        /// Its name.
        name: String,
    },
    /// Somebody else listens there.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The system refused.
    #[error("cannot be reached: {0}")]
    System(io::Error),
}

impl ShimSocket {
    /// Returns a new name for this process.
    pub fn of_this_process() -> Self {
        let pid = std::process::id();
        let chance = RandomState::new().build_hasher().finish() as u32;
        let id = format!("{pid}-{chance:08x}");
        Self { pid, id }
    }

    /// Reads the name of a file; `None` where it is not the name of a socket.
    pub fn read(name: &OsStr) -> Option<Self> {
        let id = name.to_str()?.strip_suffix(SUFFIX)?;
        let (pid, chance) = id.split_once('-')?;
        let is_hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
        let is_name = chance.len() == 8 && chance.bytes().all(is_hex);
        let pid = pid.parse().ok().filter(|_| is_name)?;
        let id = id.to_owned();
        Some(Self { pid, id })
    }

    /// Returns the shim's process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns the shim's name: the socket's without its end.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn file_name(&self) -> String {
        format!("{}{SUFFIX}", self.id)
    }
}

impl MeetingFolder {
    /// Listens on a socket. It becomes visible when it listens, never before.
    pub fn listen(&self, socket: &ShimSocket) -> Result<UnixListener, FolderError> {
        let error = |errno| FolderError::System {
            path: self.agents_path(),
            errno,
        };
        let hidden = format!(".{}", socket.id);
        let listener = UnixListener::bind(self.through(&hidden))
            .map_err(|cause| error(Errno::from_io_error(&cause).unwrap_or(Errno::IO)))?;
        renameat(
            &self.agents,
            hidden.as_str(),
            &self.agents,
            socket.file_name(),
        )
        .map_err(|errno| {
            let _left = unlinkat(&self.agents, hidden.as_str(), AtFlags::empty());
            error(errno)
        })?;
        Ok(listener)
    }

    /// Lists the sockets, in the order of their names.
    pub fn shims(&self) -> Result<Vec<ShimSocket>, FolderError> {
        let error = |errno| FolderError::System {
            path: self.agents_path(),
            errno,
        };
        let mut shims = Vec::new();
        for entry in Dir::read_from(&self.agents).map_err(error)?.take(MOST) {
            let entry = entry.map_err(error)?;
            let name = entry.file_name().to_str().ok();
            shims.extend(name.and_then(|name| ShimSocket::read(OsStr::new(name))));
        }
        shims.sort();
        Ok(shims)
    }

    /// Connects to a shim. The socket of a dead one is removed. The connection
    /// is blocking; a shim accepts at once, so this does not wait.
    pub fn connect(&self, socket: &ShimSocket) -> Result<UnixStream, ConnectError> {
        let name = socket.file_name();
        let stat = match statat(&self.agents, name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Err(ConnectError::Gone),
            Err(errno) => return Err(ConnectError::System(errno.into())),
        };
        let is_socket = FileType::from_raw_mode(stat.st_mode) == FileType::Socket;
        if !is_socket || stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(ConnectError::NotASocket { name });
        }
        match UnixStream::connect(self.through(&name)) {
            Ok(stream) => {
                peer_of(stream.as_fd())?;
                Ok(stream)
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.remove(socket);
                Err(ConnectError::Gone)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ConnectError::Gone),
            Err(error) => Err(ConnectError::System(error)),
        }
    }

    /// Removes a socket.
    pub fn remove(&self, socket: &ShimSocket) {
        let _gone = unlinkat(&self.agents, socket.file_name(), AtFlags::empty());
    }

    /// Marks a socket as used, so that cleaners of temporary folders spare it.
    pub fn touch(&self, socket: &ShimSocket) {
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let _gone = utimensat(&self.agents, socket.file_name(), &times, flags);
    }

    /// Returns a path through the opened folder: short enough for a socket's
    /// address wherever the folder is, and not led elsewhere by a change of the
    /// folders above.
    fn through(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.agents.as_raw_fd()))
    }
}
