//! Children of the runner that it did not start: orphans of calls whose
//! supervisor and warden are both dead.

use std::fs;

use rustix::process::{Pid, Signal, WaitOptions, getpgid, kill_process, waitpid};

use crate::exec::own_children;
use crate::exec::table::Entry;

/// SIGKILL to every adopted child, except for `spared`, and waits for those
/// that are dead, each by its pid. Returns whether there was none: where one
/// was, and be it dead, its own children may have become ours meanwhile.
///
/// A child in the runner's own session was started by the runner for the
/// terminal (an editor, a pager): every tool is started in a session of its
/// own, and no process can enter another one's.
pub(super) fn kill(spared: &[u32]) -> bool {
    let children = children();
    // After the children: one that was born meanwhile is known by now.
    let own = own_children::all();
    let session = session_of(std::process::id());
    let mut is_empty = true;
    for child in children {
        if spared.contains(&child) || own.contains(&child) {
            continue;
        }
        let Some(pid) = Pid::from_raw(child.cast_signed()) else {
            continue;
        };
        if session_of(child) == session {
            continue;
        }
        is_empty = false;
        let group = getpgid(Some(pid));
        let _gone = kill_process(pid, Signal::KILL);
        if let Ok(group) = group {
            let _gone = rustix::process::kill_process_group(group, Signal::KILL);
        }
        let _reaped = waitpid(Some(pid), WaitOptions::NOHANG);
    }
    is_empty
}

/// The session that a process is in: 0 where its leader is outside of our pid
/// namespace, which `getsid` of `rustix` has no value for.
fn session_of(pid: u32) -> Option<u32> {
    Entry::read(pid).map(|entry| entry.session)
}

/// Children of every thread of this process.
fn children() -> Vec<u32> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            let pids = list.split_ascii_whitespace().map(str::parse);
            pids.flatten().collect::<Vec<u32>>()
        })
        .collect()
}
