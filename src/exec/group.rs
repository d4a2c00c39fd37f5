//! A process group: signalling it and seeing who is in it.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::model::Leftover;

/// The group that a main process leads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group led by the process `pid`; empty where that is 0.
    pub(super) fn of(pid: u32) -> Self {
        Self(Pid::from_raw(pid.cast_signed()))
    }

    /// Sends a signal to every member. A group that is gone takes none.
    pub(super) fn signal(self, signal: Signal) {
        if let Some(group) = self.0 {
            let _gone = kill_process_group(group, signal);
        }
    }

    /// Whether no member lives.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_none_or(|group| {
            test_kill_process_group(group).is_err() || members(group).is_empty()
        })
    }

    /// The members that live.
    pub(super) fn members(self) -> Vec<Leftover> {
        match self.0 {
            Some(group) if test_kill_process_group(group).is_ok() => members(group),
            _ => Vec::new(),
        }
    }
}

/// A group with a zombie in it still takes signals: only the process table
/// tells who lives.
#[cfg(target_os = "linux")]
fn members(group: Pid) -> Vec<Leftover> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (head, tail) = stat.rsplit_once(") ")?;
            let mut fields = tail.split(' ');
            let state = fields.next()?;
            let of_group: i32 = fields.nth(1)?.parse().ok()?;
            let is_member = of_group == group.as_raw_nonzero().get() && !matches!(state, "Z" | "X");
            let (_, name) = head.split_once('(')?;
            is_member.then(|| Leftover {
                pid,
                name: name.to_owned(),
                reason: None,
            })
        })
        .collect()
}

/// Without a process table to read, a group that takes signals counts as one
/// member: its number is the group's.
#[cfg(not(target_os = "linux"))]
fn members(group: Pid) -> Vec<Leftover> {
    vec![Leftover {
        pid: group.as_raw_nonzero().get().cast_unsigned(),
        name: "process group".to_owned(),
        reason: None,
    }]
}
