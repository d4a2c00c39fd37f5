//! Single processes as the system's process table tells of them.

use std::fs;

use rustix::process::Pid;
use rustix::time::{ClockId, clock_gettime};

/// Units of a start time a second (`USER_HZ`): fixed by Linux for all programs.
const TICKS: u64 = 100;

/// One process at the moment it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) pid: u32,
    /// Untrusted text.
    pub(super) name: String,
    pub(super) state: char,
    pub(super) parent: u32,
    pub(super) session: u32,
    /// When it was started, in ticks since the machine was. Together with the
    /// pid this names a process among all that ever ran since then.
    pub(super) started: u64,
}

impl Entry {
    /// Reads the entry of a process that has not been waited for.
    pub(super) fn read(pid: u32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(pid, &String::from_utf8_lossy(&stat))
    }

    /// Takes a line of `/proc/PID/stat` apart (`proc_pid_stat(5)`). The name
    /// may hold anything, brackets and spaces included; what follows the last
    /// bracket may not.
    fn parse(pid: u32, stat: &str) -> Option<Self> {
        let (head, tail) = stat.rsplit_once(") ")?;
        let (_, name) = head.split_once('(')?;
        let mut fields = tail.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let session = fields.nth(1)?.parse().ok()?;
        let started = fields.nth(15)?.parse().ok()?;
        Some(Self {
            pid,
            name: name.to_owned(),
            state,
            parent,
            session,
            started,
        })
    }

    /// Whether it lives: a zombie does not.
    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }

    /// Whether it stands still by a signal, or does not live.
    pub(super) fn is_halted(&self) -> bool {
        matches!(self.state, 'T' | 't') || !self.is_alive()
    }
}

/// Every process there is.
pub(super) fn all() -> Vec<Entry> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| Entry::read(entry.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// The present time on the clock of [`Entry::started`].
pub(super) fn now() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let part = u64::try_from(time.tv_nsec).unwrap_or(0) / (1_000_000_000 / TICKS);
    seconds * TICKS + part
}

/// A process id as a plain number.
pub(super) fn number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_moves_no_field() {
        let stat = "77 (a) R 1 (b) S 5 6 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9\n";
        let entry = Entry::parse(77, stat).expect("an entry");
        assert_eq!(entry.name, "a) R 1 (b");
        assert_eq!((entry.state, entry.parent, entry.session), ('S', 5, 7));
        assert_eq!(entry.started, 4242);
    }

    #[test]
    fn own_entry_is_read_and_dated() {
        let own = Entry::read(std::process::id()).expect("own entry");
        assert!(own.is_alive());
        assert!(own.started <= now() && now() < own.started + 600 * TICKS);
        assert!(all().contains(&own) || all().iter().any(|entry| entry.pid == own.pid));
    }
}
