//! The limit on address space (`ulimit -v`): read, and made to suffice.

#![expect(unsafe_code, reason = "the allocator's options have no safe form")]

use std::fs;

use rustix::process::{Resource, getrlimit};

/// Address space that the runner needs beside its lanes, in bytes: mainly the
/// stacks of its threads.
pub(super) const RUNNER_BYTES: u64 = 64 << 20;

/// Address space of one lane in bytes: head and tail of two streams, twice
/// while they are copied.
pub(super) const LANE_BYTES: u64 = 8 << 20;

/// Free address space, in bytes, below which the start of a thread fails for
/// want of it.
const SHORT_BYTES: u64 = 16 << 20;

/// Returns the address space that this process may still take, in bytes; `None`
/// without a limit.
pub(super) fn free_bytes() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let used: u64 = pages.split(' ').next()?.parse().ok()?;
    Some(limit.saturating_sub(used * rustix::param::page_size() as u64))
}

/// Whether too little is left for another thread.
pub(super) fn is_short() -> bool {
    free_bytes().is_some_and(|free| free < SHORT_BYTES)
}

/// Makes the allocator keep to one arena where address space is limited: by
/// default it reserves 64 MiB for each thread. To be called before there are
/// threads.
pub(super) fn spare() {
    if getrlimit(Resource::As).current.is_some() {
        #[cfg(target_env = "gnu")]
        // SAFETY: this only sets an option of the allocator.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}
