//! One reading of everything.

use std::collections::BTreeMap;
use std::time::Instant;

use super::account::Account;
use super::linux::ProcFolder;
use super::machine::Machine;
use super::process::Processes;
use super::{Reading, Subject, Target};

/// Every so many readings the whole process table is searched, for processes
/// that left a tree's parent links and stayed in its session.
const SEARCH_EVERY: u64 = 4;

/// What is remembered between readings.
#[derive(Debug)]
pub(super) struct Sampler {
    machine: Machine,
    processes: ProcFolder,
    accounts: BTreeMap<Subject, Account>,
    readings: u64,
}

impl Sampler {
    pub(super) fn new() -> Self {
        Self {
            machine: Machine::new(),
            processes: ProcFolder::new(),
            accounts: BTreeMap::new(),
            readings: 0,
        }
    }

    /// Reads the machine and each target. `missed` is passed on.
    pub(super) fn sample(&mut self, targets: &[Target], missed: u64) -> Reading {
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
                .or_insert_with(|| Account::new(target.pid));
            let sample = account.sample(&mut self.processes, all.as_deref(), now);
            (target.subject.clone(), sample)
        });
        let trees = trees.collect();
        Reading {
            taken: self.readings,
            missed,
            machine: self.machine.read(),
            trees,
        }
    }
}
