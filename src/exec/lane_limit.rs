//! The number of lanes that the system leaves room for: open files, processes
//! and address space.
//!
//! It owns nothing. It must not know of the cap that was asked for.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Resource, getrlimit};

use super::limits::OpenFiles;
use super::refusal::Shortage;
use super::{address_space, cgroup};
use crate::model::Cap;
use crate::probe::procfs;

/// Processes of one lane: the supervisor, the tool, and a program that the tool
/// starts.
const PROCESSES_PER_LANE: u64 = 3;

/// Threads that the runner has yet to start when the limit is read.
const RUNNER_THREADS: u64 = 6;

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
        let room = match self.by {
            Shortage::OpenFiles => "open files leave room for",
            Shortage::Processes => "processes leave room for",
            Shortage::Memory => "address space leaves room for",
        };
        let cap = self.cap.get();
        let lanes = if cap == 1 { "lane" } else { "lanes" };
        format!("{room} {cap} {lanes}, not {asked}; {}", self.by.remedy())
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
        let memory = address_space::free_bytes().map(|free| Self {
            cap: lanes(
                free.saturating_sub(address_space::RUNNER_BYTES),
                address_space::LANE_BYTES,
            ),
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
        .map(free_of_user);
    group.into_iter().chain(user).min()
}

/// Returns the number of processes and threads that a limit of this user leaves.
/// Counts them only where it matters: that reads every process.
fn free_of_user(limit: u64) -> u64 {
    let enough = RUNNER_THREADS + PROCESSES_PER_LANE * u64::from(Cap::MAX);
    let at_least = limit.saturating_sub(threads_of_machine());
    if at_least >= enough {
        return at_least;
    }
    limit.saturating_sub(own_threads())
}

/// Returns the number of threads of all users (`proc_loadavg(5)`); the highest
/// number where the system does not tell.
fn threads_of_machine() -> u64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let total = text
        .split('/')
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    total.and_then(|it| it.parse().ok()).unwrap_or(u64::MAX)
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
        assert!((1..u64::MAX).contains(&threads_of_machine()));
        let enough = 1 << 40;
        assert!(free_of_user(enough) < enough);
        assert_eq!(free_of_user(0), 0);
    }
}
