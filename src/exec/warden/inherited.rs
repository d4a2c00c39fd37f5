//! What a process was started with and hands on: signals, descriptors, limits.

#![expect(
    unsafe_code,
    reason = "signal actions and foreign descriptors have no safe form"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;

use rustix::process::{Resource, Rlimit};

/// Signal numbers that Linux knows.
const SIGNALS: std::ops::RangeInclusive<i32> = 1..=64;

/// Blocks every signal that can be blocked and gives each its default action,
/// whatever the program was started with: a tool that inherits an ignored
/// SIGTERM could not be asked to stop.
pub(super) fn take_signals() {
    for signal in SIGNALS {
        // SAFETY: the default action is valid for every signal; numbers that
        // are none, or may not be changed, are refused and stay as they are.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: the set is initialised before use; this process has one thread.
    unsafe {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(all.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, all.as_ptr(), ptr::null_mut());
    }
}

/// Tools get the limit on open files that the program was started with, and
/// write no core dumps.
pub(super) fn limit(open_files: Option<u64>) {
    for (resource, current) in [(Resource::Nofile, open_files), (Resource::Core, Some(0))] {
        let maximum = rustix::process::getrlimit(resource).maximum;
        // Lowering one's own soft limit is always allowed.
        let _lowered = rustix::process::setrlimit(resource, Rlimit { current, maximum });
    }
}

/// Marks what the program was started with, and left open, to be closed in
/// every tool.
pub(super) fn close_descriptors(control: &OwnedFd) -> io::Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        if number > 2 && number != control.as_raw_fd() {
            // SAFETY: this only sets a flag on a descriptor of this process;
            // one that is not open any more is refused.
            unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}
