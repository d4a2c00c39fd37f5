//! One reading of everything.

use std::collections::BTreeMap;
use std::time::Instant;

use super::inspect;
use super::machine::MachineReader;
use super::process_table::ProcessTable;
use super::procfs_table::ProcfsTable;
use super::reading::{ProbeReading, Subject, Target, TreeInspection, TreeReading};
use super::tree_usage::TreeUsage;

/// Number of readings from one search of the whole process table to the next.
/// The search finds processes that left a tree's parent links and stayed in its
/// session.
const SEARCH_EVERY: u64 = 4;

/// State between readings.
#[derive(Debug)]
pub(super) struct Sampler {
    machine: MachineReader,
    processes: ProcfsTable,
    trees: BTreeMap<Subject, TreeUsage>,
    readings: u64,
}

impl Sampler {
    pub(super) fn new() -> Self {
        Self {
            machine: MachineReader::new(),
            processes: ProcfsTable::new(),
            trees: BTreeMap::new(),
            readings: 0,
        }
    }

    /// Reads the machine and each target. `missed` goes into the reading.
    pub(super) fn sample(&mut self, targets: &[Target], missed: u64) -> ProbeReading {
        self.readings += 1;
        self.trees.retain(|subject, tree| {
            let mut targets = targets.iter();
            targets.any(|target| target.subject == *subject && target.pid == tree.root)
        });
        let is_search = self.readings.is_multiple_of(SEARCH_EVERY) && !targets.is_empty();
        let all = is_search.then(|| self.processes.all());
        let now = Instant::now();
        let trees = targets.iter().map(|target| {
            let tree = self
                .trees
                .entry(target.subject.clone())
                .or_insert_with(|| TreeUsage::new(target.pid));
            let sample = tree.sample(&mut self.processes, all.as_deref(), now);
            TreeReading {
                subject: target.subject.clone(),
                sample,
            }
        });
        let trees = trees.collect();
        ProbeReading {
            taken: self.readings,
            missed,
            machine: self.machine.read(),
            trees,
            inspection: None,
        }
    }

    /// Looks at each process that the last reading found of a target.
    pub(super) fn inspect(&self, subject: &Subject) -> Option<TreeInspection> {
        let tree = self.trees.get(subject)?;
        Some(inspect::processes(&tree.pids()))
    }
}
