//! The shim's standard streams. They belong to the agent as well, so that
//! their flags stay as they are: a stream that others write to must not begin
//! to refuse them.

#![expect(unsafe_code, reason = "the safe registration is deprecated as unsound")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::net::{RecvFlags, SendFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Bytes that a pipe takes at once wherever it says that it takes any
/// (`PIPE_BUF`).
const SURE_BYTES: usize = 4096;

/// No time: to ask without waiting.
const NOW: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// One standard stream.
#[derive(Debug)]
pub(super) struct Stdio {
    stream: Stream,
    way: Way,
}

#[derive(Debug)]
enum Stream {
    Watched(AsyncFd<OwnedFd>),
    /// A file: it is always ready.
    Ready(OwnedFd),
}

/// How a read or write that would wait is kept from waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a flag of the call.
    Socket,
    /// By a flag of the descriptor, which is our own: the pipe was opened anew.
    Own,
    /// By asking before.
    Asking,
}

impl Stdio {
    /// Takes a stream over. What is left in its place is `/dev/null`, so that
    /// dropping the stream closes it.
    pub(super) fn take(stream: BorrowedFd<'_>, interest: Interest) -> io::Result<Self> {
        let kind = FileType::from_raw_mode(fstat(stream)?.st_mode);
        let (own, way) = match kind {
            FileType::Socket => (fcntl_dupfd_cloexec(stream, 3)?, Way::Socket),
            FileType::Fifo => match open_anew(stream, interest) {
                Ok(own) => (own, Way::Own),
                Err(_) => (fcntl_dupfd_cloexec(stream, 3)?, Way::Asking),
            },
            _ => (fcntl_dupfd_cloexec(stream, 3)?, Way::Asking),
        };
        let spare = own.try_clone()?;
        // SAFETY: an `OwnedFd` stays open, and stays the same, for as long as
        // it lives, and nothing takes it out of here.
        let watched = unsafe { AsyncFd::register_with_interest(own, interest) };
        let stream = match watched {
            Ok(watched) => Stream::Watched(watched),
            // Files and null devices cannot be waited for.
            Err(_) => Stream::Ready(spare),
        };
        Ok(Self { stream, way })
    }

    /// Reads what is there, and waits for it. Safe to cancel.
    pub(super) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.stream {
            Stream::Ready(file) => Ok(rustix::io::read(file, buffer)?),
            Stream::Watched(stream) => {
                let read = |fd: &OwnedFd| self.read_now(fd, buffer).map_err(io::Error::from);
                stream.async_io(Interest::READABLE, read).await
            }
        }
    }

    /// Writes what there is room for, and waits for room. Safe to cancel.
    pub(super) async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.stream {
            Stream::Ready(file) => Ok(rustix::io::write(file, bytes)?),
            Stream::Watched(stream) => {
                let write = |fd: &OwnedFd| self.write_now(fd, bytes).map_err(io::Error::from);
                stream.async_io(Interest::WRITABLE, write).await
            }
        }
    }

    /// Whether somebody has the other end: what is written is read, or may be.
    pub(super) fn has_other_end(&self) -> bool {
        let fd = match &self.stream {
            Stream::Watched(stream) => stream.get_ref(),
            Stream::Ready(file) => file,
        };
        let mut asked = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::empty())];
        let _asked = poll(&mut asked, Some(&NOW));
        let [asked] = asked;
        !asked.revents().intersects(PollFlags::ERR | PollFlags::HUP)
    }

    fn read_now(&self, fd: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
        match self.way {
            Way::Socket => Ok(rustix::net::recv(fd, buffer, RecvFlags::DONTWAIT)?.1),
            Way::Own => rustix::io::read(fd, buffer),
            Way::Asking if asked(fd, PollFlags::IN)? => rustix::io::read(fd, buffer),
            Way::Asking => Err(Errno::AGAIN),
        }
    }

    fn write_now(&self, fd: &OwnedFd, bytes: &[u8]) -> Result<usize, Errno> {
        let some = bytes.get(..SURE_BYTES).unwrap_or(bytes);
        match self.way {
            Way::Socket => rustix::net::send(fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL),
            Way::Own => rustix::io::write(fd, bytes),
            Way::Asking if asked(fd, PollFlags::OUT)? => rustix::io::write(fd, some),
            Way::Asking => Err(Errno::AGAIN),
        }
    }
}

/// Opens a pipe again: its flags are then our own.
fn open_anew(stream: BorrowedFd<'_>, interest: Interest) -> rustix::io::Result<OwnedFd> {
    let access = if interest.is_readable() {
        OFlags::RDONLY
    } else {
        OFlags::WRONLY
    };
    let path = format!("/proc/self/fd/{}", stream.as_raw_fd());
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::open(path, flags, Mode::empty())
}

/// Asks whether a descriptor is ready. Its end, and that of its readers, count.
fn asked(fd: &OwnedFd, wanted: PollFlags) -> rustix::io::Result<bool> {
    let mut asked = [PollFd::from_borrowed_fd(fd.as_fd(), wanted)];
    poll(&mut asked, Some(&NOW)).map(|ready| ready > 0)
}
