//! Who is under a process, and signals to all of them.
//!
//! Every pass is bounded: a tree that forks faster than it is read is met by
//! the next pass, not by a longer one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;

use rustix::process::{Pid, Signal, getpgid, getpgrp, getpid, kill_process, kill_process_group};

use crate::exec::table::{Entry, number};

/// Processes looked at in one pass.
const MOST: usize = 2048;

/// Bytes of a list of children read in one pass: some 600 pids.
const LIST: u64 = 4096;

/// The children of this single-threaded process, dead ones included, that
/// have not been waited for.
pub(super) fn own_children() -> Vec<Pid> {
    children_of(getpid())
}

/// SIGKILL to children of this process and to the groups they are in, except
/// for those that are `spared`. What is under them becomes our child as they die,
/// and is met by the next pass. Returns whether any was there.
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

/// Every process under this one, parents before their children.
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

/// Whether the process stands still by a SIGSTOP, or is dead.
pub(super) fn is_halted(pid: Pid) -> bool {
    Entry::read(number(pid)).is_none_or(|entry| entry.is_halted())
}

/// Whether the process is dead, waited for or not.
pub(super) fn is_dead(pid: Pid) -> bool {
    Entry::read(number(pid)).is_none_or(|entry| !entry.is_alive())
}

/// The name the system has for a process; empty once it has been waited for.
pub(super) fn name_of(pid: Pid) -> String {
    let raw = pid.as_raw_nonzero();
    let name = fs::read(format!("/proc/{raw}/comm")).unwrap_or_default();
    String::from_utf8_lossy(&name).trim_end().to_owned()
}

fn children_of(parent: Pid) -> Vec<Pid> {
    let raw = parent.as_raw_nonzero();
    let Ok(threads) = fs::read_dir(format!("/proc/{raw}/task")) else {
        return Vec::new();
    };
    let mut children = Vec::new();
    for thread in threads.flatten() {
        let mut list = String::new();
        let read = File::open(thread.path().join("children"))
            .and_then(|file| file.take(LIST).read_to_string(&mut list));
        if read.is_err() {
            continue;
        }
        // A list cut in the middle of a number must not end in another one.
        let whole = list
            .rfind(' ')
            .and_then(|end| list.get(..end))
            .unwrap_or("");
        children.extend(
            whole
                .split(' ')
                .filter_map(|pid| Pid::from_raw(pid.parse().ok()?)),
        );
    }
    children
}

/// Why a process may still be there after SIGKILL.
pub(super) fn why_alive(pid: Pid) -> &'static str {
    if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::PERM) {
        return "it belongs to another user";
    }
    match Entry::read(number(pid)).map(|entry| entry.state) {
        Some('D') => "it waits uninterruptibly in the kernel",
        Some('Z') => "it is dead, and its parent has not waited for it",
        Some(_) => "it is still running",
        None => "it was gone when it was looked at",
    }
}
