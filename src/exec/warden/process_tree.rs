//! The processes under this one, and signals to all of them.
//!
//! Every pass is bounded: the next pass, not a longer one, meets a tree that
//! forks faster than it is read.

use std::collections::BTreeSet;

use rustix::process::{Pid, Signal, getpgid, getpgrp, getpid, kill_process, kill_process_group};

use crate::probe::procfs::{self, ProcessStat, number};

/// Processes found in one pass.
const MOST: usize = 2048;

/// Longest list of children that is read in one pass, in bytes: some 600 pids.
const LONGEST_LIST: u64 = 4096;

/// Lists the children of this single-threaded process, dead ones included that
/// have not been waited for.
pub(super) fn own_children() -> Vec<Pid> {
    children_of(getpid())
}

/// Sends SIGKILL to the children of this process and to their groups, except for
/// those that are `spared`. Processes under them become our children as they
/// die, and the next pass meets them. Returns whether there was any.
pub(super) fn kill_children(spared: &dyn Fn(Pid) -> bool) -> bool {
    let own_group = getpgrp();
    let mut groups = BTreeSet::new();
    let mut any = false;
    for child in own_children() {
        if spared(child) {
            continue;
        }
        any = true;
        let _gone = kill_process(child, Signal::KILL);
        if let Ok(group) = getpgid(Some(child))
            && group != own_group
            && groups.insert(group.as_raw_nonzero())
        {
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
    any
}

/// Sends signals, in this order, to every process under this one.
pub(super) fn signal_all(signals: &[Signal]) {
    for pid in descendants() {
        for signal in signals {
            let _gone = kill_process(pid, *signal);
        }
    }
}

/// Lists every process under this one, parents before their children.
pub(super) fn descendants() -> Vec<Pid> {
    let mut found = own_children();
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        if found.len() >= MOST {
            break;
        }
        found.extend(children_of(parent));
        next += 1;
    }
    found
}

/// Whether a signal stopped the process, or it is dead.
pub(super) fn is_halted(pid: Pid) -> bool {
    ProcessStat::read(number(pid)).is_none_or(|stat| stat.is_halted())
}

/// Whether the process is dead, waited for or not.
pub(super) fn is_dead(pid: Pid) -> bool {
    ProcessStat::read(number(pid)).is_none_or(|stat| !stat.is_alive())
}

fn children_of(parent: Pid) -> Vec<Pid> {
    let children = procfs::children(number(parent), LONGEST_LIST).unwrap_or_default();
    let pids = children.into_iter();
    pids.filter_map(|pid| Pid::from_raw(pid.cast_signed()))
        .collect()
}

/// Returns the likely reason that a process is still there after SIGKILL.
pub(super) fn why_alive(pid: Pid) -> &'static str {
    if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::PERM) {
        return "it belongs to another user";
    }
    match ProcessStat::read(number(pid)).map(|stat| stat.state) {
        Some('D') => "it waits uninterruptibly in the kernel",
        Some('Z') => "it is dead, and its parent has not waited for it",
        Some(_) => "it is still running",
        None => "it was gone when it was looked at",
    }
}
