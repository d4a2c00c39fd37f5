//! Children of the runner that it did not start: orphans of calls whose
//! supervisor and warden are both dead.

use rustix::process::{Pid, Signal, WaitOptions, getpgid, kill_process, waitpid};

use crate::exec::own_children;
use crate::probe::procfs::{self, ProcessStat};

/// Longest list of children that is read, in bytes a thread: some 600 pids. The
/// next pass meets the rest.
const LONGEST_LIST: u64 = 4096;

/// Sends SIGKILL to every adopted child except those that are `spared`, and
/// reaps dead ones, each by its pid. Returns whether there was none: after a
/// dead one, its own children may have become ours.
///
/// A child in the runner's own session was started by the runner for the
/// terminal (an editor, a pager): every tool is started in a session of its
/// own, and no process can enter another session.
pub(super) fn kill(spared: &[u32]) -> bool {
    let own_pid = std::process::id();
    let children = procfs::children(own_pid, LONGEST_LIST).unwrap_or_default();
    // Read after the children: a child that was born meanwhile is known by now.
    let own_children = own_children::all();
    let own_session = session_of(own_pid);
    let mut is_empty = true;
    for child in children {
        if spared.contains(&child) || own_children.contains(&child) {
            continue;
        }
        let Some(pid) = Pid::from_raw(child.cast_signed()) else {
            continue;
        };
        if session_of(child) == own_session {
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

/// Returns the session of a process; 0 where its leader is outside of our pid
/// namespace, a value that `getsid` of `rustix` cannot return.
fn session_of(pid: u32) -> Option<u32> {
    ProcessStat::read(pid).map(|stat| stat.session)
}
