//! Descriptors and limits that the warden inherits and passes on.

#![expect(unsafe_code, reason = "foreign descriptors have no safe form")]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::process::{Resource, Rlimit};

/// Sets the limits of tools: on open files as the program was started with, and
/// no core dumps.
pub(super) fn limit(open_files: Option<u64>) {
    for (resource, current) in [(Resource::Nofile, open_files), (Resource::Core, Some(0))] {
        let maximum = rustix::process::getrlimit(resource).maximum;
        // Lowering one's own soft limit is always allowed.
        let _lowered = rustix::process::setrlimit(resource, Rlimit { current, maximum });
    }
}

/// Marks every inherited descriptor but `control` to be closed on exec.
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
