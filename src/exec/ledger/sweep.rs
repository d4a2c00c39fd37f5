//! At the start: finds and kills what dead runners left.
//!
//! Signals go through a pidfd whose process is looked at again once it is
//! held, so a number that another process has meanwhile hits nobody.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, unlinkat};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::record::{LedgerRecord, PidScope, ProcessIdentity};
use crate::exec::cgroup;
use crate::exec::own_folder::OwnFolder;
use crate::exec::table::{self, Entry};
use crate::model::Leftover;

/// How long is killed before what is left is given up.
const DEADLINE: Duration = Duration::from_secs(2);

/// Between two passes.
const PAUSE: Duration = Duration::from_millis(5);

/// The longest ledger file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// What a sweep found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweptLeftovers {
    /// Processes that dead runners left, and that were killed.
    pub killed: Vec<Leftover>,
    /// Those among them that did not go.
    pub unconfirmed: Vec<Leftover>,
}

/// Kills whatever runners left that are dead themselves, and removes their
/// files.
pub(in crate::exec) fn sweep(folder: &OwnFolder, place: &PidScope) -> SweptLeftovers {
    let evidence = read_evidence(folder, place);
    let records: Vec<&LedgerRecord> = evidence.iter().map(|(_, record)| record).collect();
    let mut swept = SweptLeftovers::default();
    if !records.is_empty() {
        swept = kill(&records);
    }
    if swept.unconfirmed.is_empty() {
        for (name, _) in &evidence {
            let _gone = unlinkat(folder.descriptor(), name, AtFlags::empty());
        }
    }
    swept
}

/// The files of dead runners, except for those whose supervisor still lives:
/// it is at work on the same.
fn read_evidence(folder: &OwnFolder, place: &PidScope) -> Vec<(String, LedgerRecord)> {
    let Ok(entries) = fs::read_dir(folder.path()) else {
        return Vec::new();
    };
    let mut evidence = Vec::new();
    for entry in entries.flatten() {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        let is_short = entry
            .metadata()
            .is_ok_and(|it| it.is_file() && it.len() <= LONGEST);
        let text = is_short
            .then(|| fs::read_to_string(entry.path()).ok())
            .flatten();
        let Some(record) = text.as_deref().and_then(LedgerRecord::parse) else {
            continue;
        };
        if record.place.boot != place.boot {
            // Nothing outlives the machine's own end.
            let _gone = unlinkat(folder.descriptor(), &name, AtFlags::empty());
        } else if record.place.namespace == place.namespace
            && !record.runner.is_alive()
            && !record.supervisor.is_alive()
        {
            evidence.push((name, record));
        }
    }
    evidence
}

/// Kills, looks again, and kills until nothing is found any more.
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
                .extend(found.iter().map(|entry| leftover(entry, None)));
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
            let rest = found.iter().map(|entry| leftover(entry, Some(reason)));
            swept.unconfirmed = rest.collect();
            break;
        }
        for entry in &found {
            kill_exactly(entry);
        }
        thread::sleep(PAUSE);
    }
    for cgroup in cgroups {
        cgroup::remove(cgroup);
    }
    swept
}

/// Every living process that belongs to one of the records.
fn find(records: &[&LedgerRecord]) -> Vec<Entry> {
    let own = std::process::id();
    let mut all = table::all();
    all.retain(|entry| entry.is_alive() && entry.pid != own);
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        for entry in &all {
            let is_child = found.contains(&entry.parent);
            if is_child || records.iter().any(|record| record.holds(entry)) {
                found.insert(entry.pid);
            }
        }
        if found.len() == before {
            break;
        }
    }
    all.retain(|entry| found.contains(&entry.pid));
    all
}

impl LedgerRecord {
    /// Whether a process is one of the call's: it was written down; or it is
    /// in the session of one that was, and began while that was in order; or
    /// it carries the run's token.
    fn holds(&self, entry: &Entry) -> bool {
        let is_known = self.processes.contains(&ProcessIdentity::of(entry));
        let is_in_session = || {
            self.processes.iter().any(|known| {
                known.pid == entry.session
                    && known.started <= entry.started
                    && entry.started <= self.written
            })
        };
        is_known || is_in_session() || self.is_marked(entry)
    }

    fn is_marked(&self, entry: &Entry) -> bool {
        let Some(token) = &self.token else {
            return false;
        };
        let environment = fs::read(format!("/proc/{}/environ", entry.pid)).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|variable| variable == token.as_bytes())
    }
}

/// Kills this very process, or none.
fn kill_exactly(entry: &Entry) {
    let Some(pid) = Pid::from_raw(entry.pid.cast_signed()) else {
        return;
    };
    let Ok(held) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    if ProcessIdentity::of(entry).is_alive() {
        let _gone = pidfd_send_signal(held, Signal::KILL);
    }
}

fn leftover(entry: &Entry, reason: Option<&str>) -> Leftover {
    Leftover {
        pid: entry.pid,
        name: entry.name.clone(),
        reason: reason.map(str::to_owned),
    }
}
