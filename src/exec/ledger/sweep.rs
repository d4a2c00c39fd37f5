//! Finds and kills the leftovers of dead runners, at the start.
//!
//! Signals go through a pidfd whose process is checked once it is held, so a
//! pid that another process has meanwhile hits nobody.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::record::{LedgerRecord, PidScope};
use crate::exec::cgroup;
use crate::model::Leftover;
use crate::output::PrivateFolder;
use crate::probe::procfs::{self, ProcessStat};

/// Time of killing before the rest is given up.
const DEADLINE: Duration = Duration::from_secs(2);

/// Pause between two passes.
const PAUSE: Duration = Duration::from_millis(5);

/// Longest ledger file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Processes that a sweep found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweptLeftovers {
    /// Leftovers of dead runners, all of them sent SIGKILL.
    pub killed: Vec<Leftover>,
    /// Those among them that were still there at the deadline.
    pub unconfirmed: Vec<Leftover>,
}

/// Kills the leftovers of dead runners, and removes their files.
pub(in crate::exec) fn sweep(folder: &PrivateFolder, scope: &PidScope) -> SweptLeftovers {
    let evidence = read_evidence(folder, scope);
    let records: Vec<&LedgerRecord> = evidence.iter().map(|it| &it.record).collect();
    let mut swept = SweptLeftovers::default();
    if !records.is_empty() {
        swept = kill(&records);
    }
    if swept.unconfirmed.is_empty() {
        for file in &evidence {
            let _gone = folder.remove(&file.name);
        }
    }
    swept
}

/// A ledger file of a dead runner.
struct Evidence {
    name: String,
    record: LedgerRecord,
}

/// Reads the files of dead runners, except for those whose supervisor still
/// lives: it kills the same processes.
fn read_evidence(folder: &PrivateFolder, scope: &PidScope) -> Vec<Evidence> {
    let Ok(entries) = fs::read_dir(folder.path()) else {
        return Vec::new();
    };
    let mut evidence = Vec::new();
    for entry in entries.flatten() {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        let text = folder.read(&name, LONGEST).ok().flatten();
        let Some(record) = text.as_deref().and_then(LedgerRecord::parse) else {
            continue;
        };
        if record.scope.boot != scope.boot {
            // No process outlives a boot.
            let _gone = folder.remove(&name);
        } else if record.scope.namespace == scope.namespace
            && !record.runner.is_alive()
            && !record.supervisor.is_alive()
        {
            evidence.push(Evidence { name, record });
        }
    }
    evidence
}

/// Kills until no leftover is found any more, or the deadline has passed.
fn kill(records: &[&LedgerRecord]) -> SweptLeftovers {
    let cgroups: BTreeSet<_> = records
        .iter()
        .filter_map(|it| it.cgroup.as_deref())
        .collect();
    let deadline = Instant::now() + DEADLINE;
    let mut swept = SweptLeftovers::default();
    let mut first_look = true;
    loop {
        let found = find(records);
        if first_look {
            swept
                .killed
                .extend(found.iter().map(|process| leftover(process, None)));
            for cgroup in &cgroups {
                cgroup::kill(cgroup);
            }
            first_look = false;
        }
        if found.is_empty() {
            break;
        }
        if Instant::now() >= deadline {
            let reason = "still there after SIGKILL";
            let rest = found.iter().map(|process| leftover(process, Some(reason)));
            swept.unconfirmed = rest.collect();
            break;
        }
        for process in &found {
            kill_exactly(process);
        }
        thread::sleep(PAUSE);
    }
    for cgroup in cgroups {
        cgroup::remove(cgroup);
    }
    swept
}

/// Finds every living process that belongs to one of the records.
fn find(records: &[&LedgerRecord]) -> Vec<ProcessStat> {
    let own = std::process::id();
    let mut all = procfs::all();
    all.retain(|process| process.is_alive() && process.pid != own);
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        for process in &all {
            let is_child = found.contains(&process.parent);
            if is_child || records.iter().any(|record| record.holds(process)) {
                found.insert(process.pid);
            }
        }
        if found.len() == before {
            break;
        }
    }
    all.retain(|process| found.contains(&process.pid));
    all
}

impl LedgerRecord {
    /// Whether a process is one of the call's: it was recorded; or it is in the
    /// session of a recorded one, and began before the record was written; or
    /// it carries the run's token.
    fn holds(&self, process: &ProcessStat) -> bool {
        let is_known = self.processes.contains(&process.identity());
        let is_in_session = || {
            self.processes.iter().any(|known| {
                known.pid == process.session
                    && known.started_ticks <= process.started_ticks
                    && process.started_ticks <= self.written_ticks
            })
        };
        is_known || is_in_session() || self.is_marked(process)
    }

    fn is_marked(&self, process: &ProcessStat) -> bool {
        let Some(token) = &self.token else {
            return false;
        };
        let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|variable| variable == token.as_bytes())
    }
}

/// Kills this very process, or none.
fn kill_exactly(process: &ProcessStat) {
    let Some(pid) = Pid::from_raw(process.pid.cast_signed()) else {
        return;
    };
    let Ok(held) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    if process.identity().is_alive() {
        let _gone = pidfd_send_signal(held, Signal::KILL);
    }
}

fn leftover(process: &ProcessStat, reason: Option<&str>) -> Leftover {
    Leftover {
        pid: process.pid,
        name: process.name.clone(),
        reason: reason.map(str::to_owned),
    }
}
