//! The process table as Linux has it.
//!
//! `/proc/PID/stat` tells everything but disk use and waiting, for a tenth of
//! the time that a general library takes, with the CPU time of children that
//! were waited for: that keeps a shell's total right when its commands last
//! less than a sampling period.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::process_table::{ProcessTable, ProcessUsage, SchedTime};
use super::procfs::{self, ProcessStat};

/// Longest part of a file under `/proc` that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Threads of one process whose scheduling times are read.
const MOST_THREADS: usize = 256;

/// Reads `/proc`.
#[derive(Debug)]
pub(super) struct ProcfsTable {
    ticks_per_second: u64,
    page_bytes: u64,
    buffer: Vec<u8>,
}

impl ProcfsTable {
    pub(super) fn new() -> Self {
        Self {
            ticks_per_second: procfs::ticks_per_second(),
            page_bytes: rustix::param::page_size() as u64,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// Returns the text of a file; `None` where it cannot be read.
    fn text(&mut self, path: impl AsRef<Path>) -> Option<&str> {
        self.buffer.clear();
        let file = File::open(path).ok()?;
        file.take(LONGEST).read_to_end(&mut self.buffer).ok()?;
        std::str::from_utf8(&self.buffer).ok()
    }

    fn disk_bytes(&mut self, pid: u32) -> Option<u64> {
        let text = self.text(format!("/proc/{pid}/io"))?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse::<u64>().ok()
        };
        Some(field("read_bytes:")? + field("write_bytes:")?)
    }

    /// Adds up the times of all living threads of a process. Format:
    /// `Documentation/scheduler/sched-stats.rst`.
    fn sched_time(&mut self, pid: u32) -> Option<SchedTime> {
        let mut sum = SchedTime::default();
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
        for thread in threads.flatten().take(MOST_THREADS) {
            // A thread that ended in the meantime has nothing to add.
            let time = self.text(thread.path().join("schedstat"));
            let time = time.and_then(parse_sched_time).unwrap_or_default();
            sum.ran_ns = sum.ran_ns.saturating_add(time.ran_ns);
            sum.waited_ns = sum.waited_ns.saturating_add(time.waited_ns);
        }
        Some(sum)
    }

    fn usage(&self, stat: &ProcessStat) -> ProcessUsage {
        ProcessUsage {
            pid: stat.pid,
            started_ticks: stat.started_ticks,
            parent: stat.parent,
            group: stat.group,
            session: stat.session,
            cpu_ms: stat.cpu_ticks.saturating_mul(1000) / self.ticks_per_second,
            rss_bytes: stat.rss_pages.saturating_mul(self.page_bytes),
            disk_bytes: None,
            sched_time: None,
        }
    }
}

fn parse_sched_time(text: &str) -> Option<SchedTime> {
    let mut fields = text.split_ascii_whitespace().map(str::parse::<u64>);
    Some(SchedTime {
        ran_ns: fields.next()?.ok()?,
        waited_ns: fields.next()?.ok()?,
    })
}

impl ProcessTable for ProcfsTable {
    fn now_ticks(&self) -> u64 {
        procfs::now_ticks()
    }

    fn read(&mut self, pid: u32) -> Option<ProcessUsage> {
        let mut process = self.usage(&ProcessStat::read(pid)?);
        process.disk_bytes = self.disk_bytes(pid);
        process.sched_time = self.sched_time(pid);
        Some(process)
    }

    fn children(&mut self, pid: u32) -> Option<Vec<u32>> {
        procfs::children(pid, LONGEST)
    }

    fn all(&mut self) -> Vec<ProcessUsage> {
        let all = procfs::all();
        all.iter().map(|stat| self.usage(stat)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let text = b"7 (a) R 1 (b) S 3 5 6 0 -1 0 1 2 3 4 10 20 30 40 20 0 1 0 99 1000 5 x";
        let stat = ProcessStat::parse(text).expect("the fields are complete");
        let mut table = ProcfsTable::new();
        (table.ticks_per_second, table.page_bytes) = (100, 4096);
        let process = table.usage(&stat);
        assert_eq!(
            (process.pid, process.parent, process.group, process.session),
            (7, 3, 5, 6)
        );
        assert_eq!(process.cpu_ms, 1000);
        assert_eq!((process.started_ticks, process.rss_bytes), (99, 5 * 4096));
    }

    #[test]
    fn times_are_those_on_a_core_and_waiting_for_one() {
        let time = parse_sched_time("123456 789 4\n").map(|it| (it.ran_ns, it.waited_ns));
        assert_eq!(time, Some((123_456, 789)));
        assert_eq!(parse_sched_time(""), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let mut processes = ProcfsTable::new();
        let me = processes
            .read(std::process::id())
            .expect("this process runs");
        assert!(me.rss_bytes > 0 && me.started_ticks <= processes.now_ticks());
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get() as u32);
        assert_eq!(Some(me.parent), parent);
    }
}
