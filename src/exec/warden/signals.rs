//! SIGCHLD as a descriptor to poll: nothing runs in a handler.

#![expect(unsafe_code, reason = "signal sets have no safe form")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

/// Readable when a child has ended.
#[derive(Debug)]
pub(super) struct ChildSignals(OwnedFd);

impl ChildSignals {
    /// Opens the descriptor. SIGCHLD must be blocked.
    pub(super) fn listen() -> io::Result<Self> {
        // SAFETY: the set is initialised before use; the descriptor that comes
        // back is new and owned by nobody else.
        unsafe {
            let mut children = MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigemptyset(children.as_mut_ptr());
            libc::sigaddset(children.as_mut_ptr(), libc::SIGCHLD);
            let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
            let descriptor = libc::signalfd(-1, children.as_ptr(), flags);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(OwnedFd::from_raw_fd(descriptor)))
        }
    }

    /// Reads the pending signal, so that the next wait waits.
    pub(super) fn clear(&self) {
        let mut taken = [0_u8; size_of::<libc::signalfd_siginfo>()];
        let _none = rustix::io::read(&self.0, &mut taken);
    }
}

impl AsFd for ChildSignals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
