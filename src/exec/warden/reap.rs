//! Reaps children of this process, with the resources that they used.

#![expect(
    unsafe_code,
    reason = "the safe calls tell neither the pid nor the account"
)]

use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::Pid;

use crate::exec::exit::ProcessExit;

/// One child that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaped {
    pub(super) pid: Pid,
    pub(super) exit: ProcessExit,
    /// CPU time of it and of the children that it waited for.
    pub(super) cpu: Duration,
    /// Highest resident memory of it or of any child that it waited for, in
    /// bytes. Never less than its parent had at the start: the system counts
    /// the time before the program was executed as well.
    pub(super) peak_rss_bytes: u64,
}

/// Result of one wait.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reap {
    /// A child has ended.
    One(Reaped),
    /// Children live, none has ended.
    None,
    /// There is no child at all, alive or dead. For a subreaper this proves that
    /// nothing lives under it: orphans below it become its children.
    NoChildren,
}

/// Waits for any child, without blocking. Only for processes that start
/// nothing but what they wait for here: the warden and the supervisors.
pub(super) fn reap_any() -> Reap {
    reap(-1)
}

/// Waits for one child as [`reap_any`] does.
pub(super) fn reap_one(pid: Pid) -> Reap {
    reap(pid.as_raw_nonzero().get())
}

fn reap(which: libc::pid_t) -> Reap {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for writes; an all-zero `rusage` is a
    // valid value, so it may be read also if nothing was written.
    let (pid, usage) = unsafe {
        let options = libc::WNOHANG | libc::__WALL;
        let pid = libc::wait4(which, &raw mut status, options, usage.as_mut_ptr());
        (pid, usage.assume_init())
    };
    if pid < 0 {
        return Reap::NoChildren;
    }
    match Pid::from_raw(pid) {
        None => Reap::None,
        Some(pid) => Reap::One(Reaped {
            pid,
            exit: exit_of(status),
            cpu: time(usage.ru_utime) + time(usage.ru_stime),
            peak_rss_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
        }),
    }
}

/// A child that has ended and has not been waited for, so that its name can
/// still be read; [`reap_one`] takes it. An error says that there is no child
/// at all.
pub(super) fn next_dead() -> Result<Option<Pid>, Errno> {
    let mut status = MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: the pointer is valid for writes; an all-zero `siginfo_t` is a
    // valid value, and its pid is 0 unless a child was found.
    let pid = unsafe {
        let result = libc::waitid(libc::P_ALL, 0, status.as_mut_ptr(), options);
        if result < 0 {
            return Err(Errno::CHILD);
        }
        status.assume_init().si_pid()
    };
    Ok(Pid::from_raw(pid))
}

/// Returns the highest resident memory of this process so far, in bytes: no
/// figure of a child that was started from here is below it.
pub(super) fn own_peak_rss_bytes() -> u64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid for writes; an all-zero `rusage` is a valid
    // value, so it may be read also if nothing was written.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024
}

fn exit_of(status: i32) -> ProcessExit {
    if libc::WIFSIGNALED(status) {
        ProcessExit::Signal(libc::WTERMSIG(status))
    } else {
        ProcessExit::Code(libc::WEXITSTATUS(status))
    }
}

fn time(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}
