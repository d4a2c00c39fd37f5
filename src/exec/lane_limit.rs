//! The number of lanes that the system leaves room for: open files, processes
//! and address space.
//!
//! It owns nothing. It must not know of the cap that was asked for.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Resource, getrlimit};

use super::cgroup;
use super::limits::OpenFiles;
use super::refusal::Shortage;
use crate::model::Cap;
use crate::probe::procfs;

/// Processes of one lane: the supervisor, the tool, and a program that the tool
/// starts.
const PROCESSES_PER_LANE: u64 = 3;

/// Threads that the runner has yet to start when the limit is read.
const RUNNER_THREADS: u64 = 6;

/// Address space of one lane in bytes: head and tail of two streams, twice
/// while they are copied.
const ADDRESSES_PER_LANE: u64 = 8 << 20;

/// Address space that the runner needs beside its lanes, in bytes: mainly the
/// stacks of its threads and what the allocator reserves for each.
const RUNNER_ADDRESSES: u64 = 64 << 20;

/// Capability to exceed limits on resources (`linux/capability.h`), and that of
/// an administrator: either one lifts the limit on processes.
const CAP_SYS_ADMIN: u32 = 21;
const CAP_SYS_RESOURCE: u32 = 24;

/// Largest number of lanes, and the resource that binds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneLimit {
    /// Number of lanes, at least one.
    pub cap: Cap,
    /// The resource that more lanes would be short of.
    pub by: Shortage,
}

impl LaneLimit {
    /// Says that the limit is below the cap that was asked for, and the remedy.
    pub fn explain(&self, asked: Cap) -> String {
        let resource = self.by.resource();
        let remedy = self.by.remedy();
        format!(
            "{resource} leave room for {} lanes, not {asked}; {remedy}",
            self.cap
        )
    }

    /// Reads the limits of this process.
    pub(super) fn read(open_files: OpenFiles) -> Self {
        let files = Self {
            cap: open_files.most_lanes(),
            by: Shortage::OpenFiles,
        };
        let processes = free_processes().map(|free| Self {
            cap: lanes(free.saturating_sub(RUNNER_THREADS), PROCESSES_PER_LANE),
            by: Shortage::Processes,
        });
        let memory = free_addresses().map(|free| Self {
            cap: lanes(free.saturating_sub(RUNNER_ADDRESSES), ADDRESSES_PER_LANE),
            by: Shortage::Memory,
        });
        let others = [processes, memory].into_iter().flatten();
        others.fold(
            files,
            |least, it| if it.cap < least.cap { it } else { least },
        )
    }
}

fn lanes(free: u64, per_lane: u64) -> Cap {
    let lanes = u32::try_from(free / per_lane).unwrap_or(Cap::MAX);
    Cap::new(lanes.min(Cap::MAX)).unwrap_or(Cap::ONE)
}

/// Returns the number of processes and threads that this user, and the control
/// groups of this process, may still start; `None` without a limit.
fn free_processes() -> Option<u64> {
    let group = cgroup::free_processes();
    let user = getrlimit(Resource::Nproc)
        .current
        .filter(|_| is_bound_by_process_limit())
        .map(|limit| limit.saturating_sub(own_threads()));
    group.into_iter().chain(user).min()
}

fn is_bound_by_process_limit() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    let lifting = (1 << CAP_SYS_ADMIN) | (1 << CAP_SYS_RESOURCE);
    let is_root = rustix::process::getuid().is_root();
    !is_root && effective.unwrap_or(0) & lifting == 0
}

/// Counts the threads of all processes of this user.
fn own_threads() -> u64 {
    let user = rustix::process::getuid().as_raw();
    let is_own = |pid: u32| fs::metadata(format!("/proc/{pid}")).is_ok_and(|it| it.uid() == user);
    let own = procfs::all().into_iter().filter(|stat| is_own(stat.pid));
    own.map(|stat| stat.threads).sum()
}

/// Returns the address space that this process may still take, in bytes; `None`
/// without a limit.
fn free_addresses() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let used: u64 = pages.split(' ').next()?.parse().ok()?;
    Some(limit.saturating_sub(used * rustix::param::page_size() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_processes_are_few_lanes_and_never_none() {
        let of = |free| lanes(free, PROCESSES_PER_LANE).get();
        assert_eq!((of(0), of(2), of(6), of(100)), (1, 1, 2, 33));
        assert_eq!(of(1_000_000), Cap::MAX);
    }

    #[test]
    fn own_threads_are_counted() {
        assert!(own_threads() >= 1);
    }
}
