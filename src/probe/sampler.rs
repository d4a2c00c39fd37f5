//! One reading of everything.

use std::collections::BTreeMap;
use std::time::Instant;

use super::machine::MachineReader;
use super::process_table::ProcessTable;
use super::procfs_table::ProcfsTable;
use super::tree_usage::TreeUsage;
use super::{ProbeReading, Subject, Target};

/// Every so many readings the whole process table is searched, for processes
/// that left a tree's parent links and stayed in its session.
const SEARCH_EVERY: u64 = 4;

/// What is remembered between readings.
#[derive(Debug)]
pub(super) struct Sampler {
    machine: MachineReader,
    processes: ProcfsTable,
    accounts: BTreeMap<Subject, TreeUsage>,
    readings: u64,
}

impl Sampler {
    pub(super) fn new() -> Self {
        Self {
            machine: MachineReader::new(),
            processes: ProcfsTable::new(),
            accounts: BTreeMap::new(),
            readings: 0,
        }
    }

    /// Reads the machine and each target. `missed` is passed on.
    pub(super) fn sample(&mut self, targets: &[Target], missed: u64) -> ProbeReading {
        self.readings += 1;
        self.accounts.retain(|subject, account| {
            let mut targets = targets.iter();
            targets.any(|target| target.subject == *subject && target.pid == account.root)
        });
        let is_search = self.readings.is_multiple_of(SEARCH_EVERY) && !targets.is_empty();
        let all = is_search.then(|| self.processes.all());
        let now = Instant::now();
        let trees = targets.iter().map(|target| {
            let account = self
                .accounts
                .entry(target.subject.clone())
                .or_insert_with(|| TreeUsage::new(target.pid));
            let sample = account.sample(&mut self.processes, all.as_deref(), now);
            (target.subject.clone(), sample)
        });
        let trees = trees.collect();
        ProbeReading {
            taken: self.readings,
            missed,
            machine: self.machine.read(),
            trees,
        }
    }
}
