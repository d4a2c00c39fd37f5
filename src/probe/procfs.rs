//! Single processes as `/proc` describes them: the only reading of
//! `/proc/PID/stat` (`proc_pid_stat(5)`) and of the lists of children
//! (`proc_tid_children(5)`).
//!
//! It owns nothing: each function looks again. It must not know which
//! processes belong together.

use std::fs::{self, File};
use std::io::Read;
use std::time::Duration;

use rustix::process::Pid;
use rustix::time::{ClockId, clock_gettime};

/// Longest line of `/proc/PID/stat`, in bytes: 52 numbers and a short name.
const LONGEST_STAT: usize = 2048;

/// Bit of SIGCHLD in a signal set of `/proc/PID/stat`.
const SIGCHLD_BIT: u64 = 1 << 16;

/// Names one process among all since the machine was started: a pid is used
/// again, with another start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProcessIdentity {
    pub(crate) pid: u32,
    /// Start time in clock ticks since the machine was started.
    pub(crate) started_ticks: u64,
}

impl ProcessIdentity {
    /// Returns the identity of the process that has this pid now.
    pub(crate) fn of_pid(pid: u32) -> Option<Self> {
        ProcessStat::read(pid).map(|stat| stat.identity())
    }

    /// Whether that very process lives.
    pub(crate) fn is_alive(self) -> bool {
        ProcessStat::read(self.pid).is_some_and(|stat| stat.identity() == self && stat.is_alive())
    }
}

/// One process at the moment it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessStat {
    pub(crate) pid: u32,
    /// File name of the program, cut to 15 bytes. Untrusted text.
    pub(crate) name: String,
    /// State letter, such as `R`, `S`, `T` or `Z`.
    pub(crate) state: char,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    pub(crate) session: u32,
    /// Start time in clock ticks since the machine was started.
    pub(crate) started_ticks: u64,
    /// CPU time of the process and of the children that it has waited for, in
    /// clock ticks.
    pub(crate) cpu_ticks: u64,
    /// Resident memory in pages.
    pub(crate) rss_pages: u64,
    /// Number of its threads.
    pub(crate) threads: u64,
    /// Whether it ignores SIGCHLD: the system then reaps its children and
    /// counts their CPU time nowhere.
    pub(crate) ignores_children: bool,
}

impl ProcessStat {
    /// Reads a process that has not been waited for.
    pub(crate) fn read(pid: u32) -> Option<Self> {
        let mut buffer = [0; LONGEST_STAT];
        let mut file = File::open(format!("/proc/{pid}/stat")).ok()?;
        let count = file.read(&mut buffer).ok()?;
        Self::parse(buffer.get(..count)?)
    }

    /// Splits a line of `/proc/PID/stat` into its fields. The name may hold
    /// anything, brackets and spaces included; the fields after its last
    /// bracket may not.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let open = line.iter().position(|byte| *byte == b'(')?;
        let close = line.iter().rposition(|byte| *byte == b')')?;
        let pid = std::str::from_utf8(line.get(..open)?).ok()?;
        let name = String::from_utf8_lossy(line.get(open + 1..close)?).into_owned();
        let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        // The manual numbers the fields from 1; the state is the third.
        let numbers: Vec<&str> = fields.take(30).collect();
        let field = |number: usize| numbers.get(number - 4)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.trim().parse().ok()?,
            name,
            state,
            parent: field(4)? as u32,
            group: field(5)? as u32,
            session: field(6)? as u32,
            cpu_ticks: field(14)? + field(15)? + field(16)? + field(17)?,
            threads: field(20)?,
            started_ticks: field(22)?,
            rss_pages: field(24)?,
            ignores_children: field(33).is_some_and(|set| set & SIGCHLD_BIT != 0),
        })
    }

    /// Names this very process.
    pub(crate) fn identity(&self) -> ProcessIdentity {
        ProcessIdentity {
            pid: self.pid,
            started_ticks: self.started_ticks,
        }
    }

    /// Whether it lives: a zombie does not.
    pub(crate) fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }

    /// Whether a signal stopped it, or it does not live.
    pub(crate) fn is_halted(&self) -> bool {
        matches!(self.state, 'T' | 't') || !self.is_alive()
    }

    /// Returns the CPU time of the process and of the children that it has waited
    /// for.
    pub(crate) fn cpu_time(&self) -> Duration {
        duration_of(self.cpu_ticks)
    }
}

/// Reads every process of the machine.
pub(crate) fn all() -> Vec<ProcessStat> {
    let Ok(folder) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    folder
        .flatten()
        .filter_map(|entry| ProcessStat::read(entry.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// Lists the children of every thread of a process, dead ones included that
/// have not been waited for. Reads at most `longest` bytes a thread. `None`
/// where the process is gone or the system keeps no such lists.
///
/// A list may miss a child while another one is being waited for, or while a
/// thread ends.
pub(crate) fn children(pid: u32, longest: u64) -> Option<Vec<u32>> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut children = None;
    for thread in threads.flatten() {
        let mut list = String::new();
        let read = File::open(thread.path().join("children"))
            .and_then(|file| file.take(longest).read_to_string(&mut list));
        if read.is_err() {
            continue;
        }
        // Each pid is followed by a blank. A list that was cut in the middle
        // of a number must not end in another one.
        let whole = list.rfind(' ').and_then(|end| list.get(..end));
        let pids = whole.unwrap_or("").split(' ');
        let found: &mut Vec<u32> = children.get_or_insert_default();
        found.extend(pids.flat_map(str::parse::<u32>));
    }
    children
}

/// Returns the name that the system has for a process; empty once it has been
/// waited for. Untrusted text.
pub(crate) fn name(pid: u32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    String::from_utf8_lossy(&name).trim_end().to_owned()
}

/// Returns a process id as a plain number.
pub(crate) fn number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().cast_unsigned()
}

/// Returns the present time on the clock of
/// [`started_ticks`](ProcessStat::started_ticks).
pub(crate) fn now_ticks() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(time.tv_nsec).unwrap_or_default();
    let per_second = ticks_per_second();
    seconds * per_second + nanos * per_second / 1_000_000_000
}

/// Converts clock ticks to time.
pub(super) fn duration_of(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / ticks_per_second() as f64)
}

/// Returns the number of clock ticks a second; 100 on every Linux known.
pub(super) fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_moves_no_field() {
        let line = b"77 (a) R 1 (b) S 5 6 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9\n";
        let stat = ProcessStat::parse(line).expect("a process");
        assert_eq!(stat.name, "a) R 1 (b");
        assert_eq!((stat.state, stat.parent, stat.session), ('S', 5, 7));
        assert_eq!((stat.pid, stat.started_ticks), (77, 4242));
    }

    #[test]
    fn every_field_is_found_by_its_number() {
        let line = b"7 (a) R 1 (b) S 3 5 6 0 -1 0 1 2 3 4 10 20 30 40 20 0 2 0 99 1000 5 x";
        let stat = ProcessStat::parse(line).expect("the fields are complete");
        assert_eq!((stat.pid, stat.parent, stat.group), (7, 3, 5));
        assert_eq!((stat.session, stat.threads), (6, 2));
        assert_eq!((stat.cpu_ticks, stat.started_ticks), (100, 99));
        assert_eq!(stat.rss_pages, 5);
        assert_eq!(ProcessStat::parse(b"7 (a) S 1"), None);
    }

    #[test]
    fn own_entry_is_read_and_dated() {
        let own = ProcessStat::read(std::process::id()).expect("own entry");
        assert!(own.is_alive() && own.rss_pages > 0);
        let now = now_ticks();
        assert!(own.started_ticks <= now && now < own.started_ticks + 600 * ticks_per_second());
        assert!(all().contains(&own) || all().iter().any(|stat| stat.pid == own.pid));
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get() as u32);
        assert_eq!(Some(own.parent), parent);
    }

    #[test]
    fn a_list_of_children_that_is_cut_names_no_other_process() {
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .spawn()
            .expect("sleep runs");
        let own = std::process::id();
        assert!(children(own, 4096).is_some_and(|list| list.contains(&child.id())));
        assert_eq!(children(own, 1), Some(Vec::new()));
        child.kill().expect("it lives");
        child.wait().expect("it ends");
        assert_eq!(children(child.id(), 4096), None);
    }
}
