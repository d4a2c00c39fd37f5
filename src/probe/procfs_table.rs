//! Processes as `/proc` describes them.
//!
//! One file a process tells everything but disk use, for a tenth of what a
//! general library takes, with the CPU time of waited-for children (which
//! keeps a shell's total right when its commands last less than a period) and
//! start times in clock ticks instead of seconds. Format: `proc_pid_stat(5)`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustix::time::{ClockId, clock_gettime};

use super::process_table::{ProcessTable, ProcessUsage, SchedTime};

/// Reads `/proc`.
#[derive(Debug)]
pub(super) struct ProcfsTable {
    ticks_per_second: u64,
    page_bytes: u64,
    buffer: Vec<u8>,
}

/// Files under `/proc` are read up to this size.
const LONGEST: u64 = 64 * 1024;

/// Threads of one process whose turns are read.
const MOST_THREADS: usize = 256;

impl ProcfsTable {
    pub(super) fn new() -> Self {
        Self {
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            page_bytes: rustix::param::page_size() as u64,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// The text of a file, lossily decoded; `None` where it cannot be read.
    fn text(&mut self, path: impl AsRef<Path>) -> Option<&[u8]> {
        self.buffer.clear();
        let file = File::open(path).ok()?;
        file.take(LONGEST).read_to_end(&mut self.buffer).ok()?;
        Some(&self.buffer)
    }

    fn disk_bytes(&mut self, pid: u32) -> Option<u64> {
        let text = self.text(format!("/proc/{pid}/io"))?;
        let text = std::str::from_utf8(text).ok()?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse::<u64>().ok()
        };
        Some(field("read_bytes:")? + field("write_bytes:")?)
    }

    /// What all living threads of a process had of the cores, and waited for
    /// them. Format: `Documentation/scheduler/sched-stats.rst`.
    fn turns(&mut self, pid: u32) -> Option<SchedTime> {
        let mut sum = SchedTime::default();
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
        for thread in threads.flatten().take(MOST_THREADS) {
            // One that ended in the meantime has nothing to add.
            let turns = self.text(thread.path().join("schedstat"));
            let turns = turns.and_then(parse_turns).unwrap_or_default();
            sum.ran = sum.ran.saturating_add(turns.ran);
            sum.waited = sum.waited.saturating_add(turns.waited);
        }
        Some(sum)
    }

    fn stat(&mut self, pid: u32) -> Option<ProcessUsage> {
        let (ticks, page) = (self.ticks_per_second, self.page_bytes);
        parse(self.text(format!("/proc/{pid}/stat"))?, ticks, page)
    }
}

fn parse_turns(text: &[u8]) -> Option<SchedTime> {
    let text = std::str::from_utf8(text).ok()?;
    let mut fields = text.split_ascii_whitespace().map(str::parse::<u64>);
    let ran = fields.next()?.ok()?;
    let waited = fields.next()?.ok()?;
    Some(SchedTime { ran, waited })
}

/// Reads the fields of `/proc/PID/stat`. The name, in parentheses, may hold
/// anything, parentheses included.
fn parse(text: &[u8], ticks_per_second: u64, page_bytes: u64) -> Option<ProcessUsage> {
    let open = text.iter().position(|byte| *byte == b'(')?;
    let close = text.iter().rposition(|byte| *byte == b')')?;
    let pid = std::str::from_utf8(text.get(..open)?).ok()?;
    let rest = std::str::from_utf8(text.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Fields are numbered from 1 and the third is the first after the name.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let cpu_ticks = field(14)? + field(15)? + field(16)? + field(17)?;
    Some(ProcessUsage {
        pid: pid.trim().parse().ok()?,
        parent: field(4)? as u32,
        group: field(5)? as u32,
        session: field(6)? as u32,
        start: field(22)?,
        cpu_ms: cpu_ticks.saturating_mul(1000) / ticks_per_second,
        rss_bytes: field(24)?.saturating_mul(page_bytes),
        disk_bytes: None,
        turns: None,
    })
}

impl ProcessTable for ProcfsTable {
    fn now(&self) -> u64 {
        let now = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
        seconds * self.ticks_per_second + nanos * self.ticks_per_second / 1_000_000_000
    }

    fn read(&mut self, pid: u32) -> Option<ProcessUsage> {
        let mut process = self.stat(pid)?;
        process.disk_bytes = self.disk_bytes(pid);
        process.turns = self.turns(pid);
        Some(process)
    }

    fn children(&mut self, pid: u32) -> Option<Vec<u32>> {
        let mut children = Vec::new();
        // A thread may end while the list is read; its children then stand in
        // another thread's list at the next look.
        for thread in std::fs::read_dir(format!("/proc/{pid}/task"))
            .ok()?
            .flatten()
        {
            let text = self.text(thread.path().join("children"))?;
            let text = std::str::from_utf8(text).ok()?;
            children.extend(
                text.split_ascii_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
        Some(children)
    }

    fn all(&mut self) -> Vec<ProcessUsage> {
        let Ok(folder) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let pids = folder
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(|pid: u32| self.stat(pid)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let text = b"7 (a) R 1 (b) S 3 5 6 0 -1 0 1 2 3 4 10 20 30 40 20 0 1 0 99 1000 5 x";
        let process = parse(text, 100, 4096).expect("the fields are complete");
        assert_eq!(
            (process.pid, process.parent, process.group, process.session),
            (7, 3, 5, 6)
        );
        assert_eq!(process.cpu_ms, 1000);
        assert_eq!((process.start, process.rss_bytes), (99, 5 * 4096));
    }

    #[test]
    fn turns_are_time_on_a_core_and_time_waiting_for_one() {
        let turns = parse_turns(b"123456 789 4\n").map(|it| (it.ran, it.waited));
        assert_eq!(turns, Some((123_456, 789)));
        assert_eq!(parse_turns(b""), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let mut processes = ProcfsTable::new();
        let me = processes
            .read(std::process::id())
            .expect("this process runs");
        assert!(me.rss_bytes > 0 && me.start <= processes.now());
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get() as u32);
        assert_eq!(Some(me.parent), parent);
    }
}
