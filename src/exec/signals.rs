//! Signal actions of the runner and of its helpers.

#![expect(unsafe_code, reason = "signal actions and masks have no safe form")]

use std::mem::MaybeUninit;
use std::ptr;

/// Signal numbers of Linux.
const SIGNALS: std::ops::RangeInclusive<i32> = 1..=64;

/// Ignores SIGXFSZ, so that a write beyond the limit on file sizes
/// (`ulimit -f`) fails like a write to a full disk and does not end the program.
/// Tools get the default action from [`reset_and_block`].
pub(super) fn ignore_file_size_limit() {
    // SAFETY: ignoring a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Blocks every signal that can be blocked and gives each its default action,
/// whatever the program was started with: a tool that inherits an ignored
/// SIGTERM could not be asked to stop.
pub(super) fn reset_and_block() {
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
