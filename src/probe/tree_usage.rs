//! CPU, memory and disk use of one process tree.

use std::collections::BTreeMap;
use std::time::Instant;

use super::process_table::{ProcessTable, ProcessUsage, SchedTime};
use crate::model::CallSample;

/// Processes of one call that are followed; a fork storm has more.
const MOST_PROCESSES: usize = 2048;

/// Resolution of the system's CPU times, in milliseconds.
const TICK_MS: u64 = 10;

/// State of one tree between two readings.
#[derive(Debug)]
pub(super) struct TreeUsage {
    /// Pid of the tree's first process.
    pub(super) root: u32,
    /// Whether the root has been looked up. It is looked up once only: later,
    /// another process could have its pid.
    is_begun: bool,
    /// Session or process group that the root leads, and no other call shares.
    led: Option<u32>,
    /// Processes found by the last reading, by pid.
    members: BTreeMap<u32, ProcessUsage>,
    /// CPU time of the tree so far, in milliseconds.
    cpu_ms: u64,
    /// Bytes read from and written to disks so far; `None` where unknown.
    disk_bytes: Option<u64>,
    /// Times of the tree's threads so far, as far as they were seen.
    sched_time: SchedTime,
    last: Option<ReadAt>,
}

/// Moment of a reading.
#[derive(Debug, Clone, Copy)]
struct ReadAt {
    at: Instant,
    /// The same moment in clock ticks since the machine was started.
    ticks: u64,
}

/// Use since the last reading. Negative where ended processes took their
/// figures with them.
#[derive(Debug, Default)]
struct UsageDelta {
    cpu_ms: i64,
    /// Part of `cpu_ms` that was used before the last reading, by processes
    /// that it did not find.
    late_cpu_ms: i64,
    disk_bytes: i64,
}

impl TreeUsage {
    pub(super) fn new(root: u32) -> Self {
        Self {
            root,
            is_begun: false,
            led: None,
            members: BTreeMap::new(),
            cpu_ms: 0,
            disk_bytes: None,
            sched_time: SchedTime::default(),
            last: None,
        }
    }

    /// Returns the processes that the last reading found.
    pub(super) fn pids(&self) -> Vec<u32> {
        self.members.keys().copied().collect()
    }

    /// Takes a reading; `None` where no process of the tree can be read.
    /// `all` lists every process, where it was asked for this time.
    pub(super) fn sample(
        &mut self,
        processes: &mut impl ProcessTable,
        all: Option<&[ProcessUsage]>,
        now: Instant,
    ) -> Option<CallSample> {
        let members = self.find(processes, all);
        if members.is_empty() {
            self.members.clear();
            return None;
        }
        let used = self.delta(&members);
        self.cpu_ms = self.cpu_ms.saturating_add_signed(used.cpu_ms.max(0));
        if members.values().any(|process| process.disk_bytes.is_some()) {
            let before = self.disk_bytes.unwrap_or_default();
            self.disk_bytes = Some(before.saturating_add_signed(used.disk_bytes.max(0)));
        }
        self.add_sched_time(&members);
        let cpu_cores = self.last.map(|last| {
            let seconds = now.saturating_duration_since(last.at).as_secs_f32();
            let busy = (used.cpu_ms - used.late_cpu_ms).max(0) as f32 / 1000.0;
            if seconds > 0.0 { busy / seconds } else { 0.0 }
        });
        self.last = Some(ReadAt {
            at: now,
            ticks: processes.now_ticks(),
        });
        let sample = CallSample {
            cpu_cores,
            rss_bytes: members.values().map(|process| process.rss_bytes).sum(),
            cpu_ms: self.cpu_ms,
            disk_bytes: self.disk_bytes,
            processes: members.len() as u32,
            waited_ms: self.waited_ms(),
        };
        self.members = members;
        Some(sample)
    }

    /// Adds the threads' times since the last reading. A thread's times between
    /// the last reading and its end are not known.
    fn add_sched_time(&mut self, members: &BTreeMap<u32, ProcessUsage>) {
        for (pid, process) in members {
            let before = self.members.get(pid).and_then(|one| one.sched_time);
            let (now, before) = (
                process.sched_time.unwrap_or_default(),
                before.unwrap_or_default(),
            );
            self.sched_time.ran_ns += now.ran_ns.saturating_sub(before.ran_ns);
            self.sched_time.waited_ns += now.waited_ns.saturating_sub(before.waited_ns);
        }
    }

    /// Returns the time that the tree waited for a core, in milliseconds, scaled
    /// up to all of its CPU time; `None` where too little of that was seen thread
    /// by thread.
    fn waited_ms(&self) -> Option<u64> {
        let ran_ms = self.sched_time.ran_ns / 1_000_000;
        let is_seen = ran_ms + TICK_MS >= self.cpu_ms * 4 / 5;
        let scale = self.cpu_ms as f64 / ran_ms.max(1) as f64;
        let waited_ms = self.sched_time.waited_ns as f64 / 1e6;
        (is_seen && self.sched_time.ran_ns > 0).then(|| (waited_ms * scale.clamp(1.0, 1.25)) as u64)
    }

    /// Finds the processes of the tree: the root, everything that was in the tree
    /// before and lives, their descendants, and the members of the
    /// session or group that the root leads.
    fn find(
        &mut self,
        processes: &mut impl ProcessTable,
        all: Option<&[ProcessUsage]>,
    ) -> BTreeMap<u32, ProcessUsage> {
        let mut found = BTreeMap::new();
        let mut open: Vec<u32> = self.members.keys().copied().collect();
        if !std::mem::replace(&mut self.is_begun, true) {
            open.push(self.root);
        }
        for process in all.unwrap_or_default() {
            let is_led = self
                .led
                .is_some_and(|led| process.session == led || process.group == led);
            if is_led {
                open.push(process.pid);
            }
        }
        while let Some(pid) = open.pop() {
            if found.contains_key(&pid) || found.len() >= MOST_PROCESSES {
                continue;
            }
            let Some(process) = processes.read(pid) else {
                continue;
            };
            let known = self.members.get(&pid);
            if known.is_some_and(|known| known.started_ticks != process.started_ticks) {
                continue;
            }
            if pid == self.root && (process.session == pid || process.group == pid) {
                self.led = Some(pid);
            }
            match processes.children(pid) {
                Some(children) => open.extend(children),
                None => open.extend(children_in(all, pid)),
            }
            found.insert(pid, process);
        }
        found
    }

    /// Returns the use since the last reading. A process that ended took its
    /// figures with it, unless its parent is in the tree and has waited for
    /// it: then they are in the parent's.
    fn delta(&self, members: &BTreeMap<u32, ProcessUsage>) -> UsageDelta {
        let mut used = UsageDelta::default();
        for (pid, process) in members {
            let before = self.members.get(pid);
            let cpu_ms = difference(process.cpu_ms, before.map_or(0, |one| one.cpu_ms));
            used.cpu_ms += cpu_ms;
            let is_late = before.is_none()
                && self
                    .last
                    .is_some_and(|last| process.started_ticks < last.ticks);
            if is_late {
                used.late_cpu_ms += cpu_ms;
            }
            let disk = before.and_then(|one| one.disk_bytes).unwrap_or_default();
            used.disk_bytes += difference(process.disk_bytes.unwrap_or(disk), disk);
        }
        for (pid, ended) in &self.members {
            let is_waited_for = self.members.contains_key(&ended.parent);
            if !members.contains_key(pid) && is_waited_for {
                used.cpu_ms += difference(0, ended.cpu_ms);
                used.disk_bytes += difference(0, ended.disk_bytes.unwrap_or_default());
            }
        }
        used
    }
}

fn difference(now: u64, before: u64) -> i64 {
    i64::try_from(now).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX)
}

fn children_in(all: Option<&[ProcessUsage]>, parent: u32) -> impl Iterator<Item = u32> {
    let all = all.unwrap_or_default().iter();
    all.filter(move |process| process.parent == parent)
        .map(|process| process.pid)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A process table that a test writes.
    #[derive(Default)]
    struct FakeTable {
        now: u64,
        processes: BTreeMap<u32, ProcessUsage>,
    }

    impl FakeTable {
        fn put(&mut self, pid: u32, parent: u32, start: u64, cpu_ms: u64) {
            let process = ProcessUsage {
                pid,
                started_ticks: start,
                parent,
                group: 10,
                session: 10,
                cpu_ms,
                rss_bytes: 1000,
                disk_bytes: Some(cpu_ms),
                sched_time: Some(SchedTime {
                    ran_ns: cpu_ms * 1_000_000,
                    waited_ns: cpu_ms * 500_000,
                }),
            };
            self.processes.insert(pid, process);
        }
    }

    impl ProcessTable for FakeTable {
        fn now_ticks(&self) -> u64 {
            self.now
        }

        fn read(&mut self, pid: u32) -> Option<ProcessUsage> {
            self.processes.get(&pid).cloned()
        }

        fn children(&mut self, pid: u32) -> Option<Vec<u32>> {
            let all = self.processes.values();
            Some(
                all.filter(|one| one.parent == pid)
                    .map(|one| one.pid)
                    .collect(),
            )
        }

        fn all(&mut self) -> Vec<ProcessUsage> {
            self.processes.values().cloned().collect()
        }
    }

    struct FakeClock(Instant);

    impl FakeClock {
        fn next(&mut self) -> Instant {
            self.0 += Duration::from_secs(1);
            self.0
        }
    }

    fn begin() -> (TreeUsage, FakeTable, FakeClock) {
        let mut table = FakeTable::default();
        table.put(10, 1, 5, 100);
        table.put(99, 1, 5, 7777);
        (TreeUsage::new(10), table, FakeClock(Instant::now()))
    }

    #[test]
    fn the_first_cpu_reading_is_unknown() {
        let (mut account, mut table, mut clock) = begin();
        let sample = account.sample(&mut table, None, clock.next());
        let sample = sample.expect("the root can be read");
        assert_eq!(
            (sample.cpu_cores, sample.cpu_ms, sample.processes),
            (None, 100, 1)
        );
    }

    #[test]
    fn an_ended_child_is_counted_once() {
        let (mut account, mut table, mut clock) = begin();
        account.sample(&mut table, None, clock.next());
        table.now = 6;
        table.put(11, 10, 7, 2000);
        let sample = account.sample(&mut table, None, clock.next());
        assert_eq!(sample.and_then(|one| one.cpu_cores), Some(2.0));
        // The child ends after 300 ms more, and the root has waited for it.
        table.processes.remove(&11);
        table.put(10, 1, 5, 100 + 2300 + 200);
        let sample = account.sample(&mut table, None, clock.next());
        let sample = sample.expect("the root can be read");
        assert_eq!((sample.cpu_cores, sample.cpu_ms), (Some(0.5), 2600));
        assert_eq!(sample.disk_bytes, Some(2600));
    }

    #[test]
    fn figures_never_shrink_when_processes_end() {
        let (mut account, mut table, mut clock) = begin();
        table.put(11, 10, 6, 3000);
        account.sample(&mut table, None, clock.next());
        // The root ends; the child goes on as somebody else's.
        table.processes.remove(&10);
        table.put(11, 1, 6, 3500);
        let sample = account.sample(&mut table, None, clock.next());
        let sample = sample.expect("the child can be read");
        assert_eq!((sample.cpu_cores, sample.cpu_ms), (Some(0.5), 3600));
        assert_eq!(sample.rss_bytes, 1000);
    }

    #[test]
    fn time_waiting_for_a_core_is_told_only_where_it_was_seen() {
        let (mut account, mut table, mut clock) = begin();
        let sample = account.sample(&mut table, None, clock.next());
        assert_eq!(sample.and_then(|one| one.waited_ms), Some(50));
        // Most of what the root now has is of children that nobody saw.
        table.put(10, 1, 5, 2000);
        if let Some(root) = table.processes.get_mut(&10) {
            root.sched_time = Some(SchedTime {
                ran_ns: 150_000_000,
                waited_ns: 60_000_000,
            });
        }
        let sample = account.sample(&mut table, None, clock.next());
        assert_eq!(sample.and_then(|one| one.waited_ms), None);
    }

    #[test]
    fn a_reused_pid_is_a_stranger() {
        let (mut account, mut table, mut clock) = begin();
        account.sample(&mut table, None, clock.next());
        table.put(10, 1, 50, 9000);
        assert_eq!(account.sample(&mut table, None, clock.next()), None);
        assert_eq!(account.sample(&mut table, None, clock.next()), None);
    }

    #[test]
    fn a_process_found_late_is_no_peak() {
        let (mut account, mut table, mut clock) = begin();
        account.sample(&mut table, None, clock.next());
        table.now = 40;
        account.sample(&mut table, None, clock.next());
        // It left the tree of parents before it was seen, but not the session.
        table.put(12, 1, 20, 5000);
        table.processes.remove(&99);
        let all = table.all();
        let sample = account.sample(&mut table, Some(&all), clock.next());
        let sample = sample.expect("the root can be read");
        assert_eq!(
            (sample.cpu_cores, sample.cpu_ms, sample.processes),
            (Some(0.0), 5100, 2)
        );
    }
}
