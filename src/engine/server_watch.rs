//! The rows and gauges of the tool servers, as snapshots show them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{CallSample, History, ServerName, ServerRow};
use crate::probe::{Subject, Target};

/// Readings kept of a server: two minutes at the default period.
const SAMPLES_KEPT: usize = 240;

/// The servers' rows and gauges.
#[derive(Debug)]
pub(super) struct ServerWatch {
    rows: Arc<Vec<ServerRow>>,
    gauges: Arc<BTreeMap<ServerName, Arc<History<CallSample>>>>,
    /// Whether there may be news of them.
    pub(super) is_stale: bool,
    /// Servers that told of tools which are not in the catalogue.
    pub(super) to_list: BTreeSet<ServerName>,
    /// Whether the tools of one are taken into the catalogue now.
    pub(super) is_listing: bool,
}

impl Default for ServerWatch {
    fn default() -> Self {
        Self {
            rows: Arc::default(),
            gauges: Arc::default(),
            is_stale: true,
            to_list: BTreeSet::new(),
            is_listing: false,
        }
    }
}

impl ServerWatch {
    pub(super) fn rows(&self) -> Arc<Vec<ServerRow>> {
        Arc::clone(&self.rows)
    }

    pub(super) fn gauges(&self) -> Arc<BTreeMap<ServerName, Arc<History<CallSample>>>> {
        Arc::clone(&self.gauges)
    }

    /// The process trees of those that run.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target> {
        self.rows.iter().filter_map(|row| {
            Some(Target {
                subject: Subject::Server(row.name.clone()),
                pid: row.pid?,
            })
        })
    }

    /// Adds a reading of a server's tree; `None` is a gap.
    pub(super) fn add_sample(&mut self, name: &ServerName, sample: Option<CallSample>) {
        if self.rows.iter().any(|row| row.name == *name) {
            let gauge = Arc::make_mut(&mut self.gauges).entry(name.clone());
            let gauge = gauge.or_insert_with(|| Arc::new(History::new(SAMPLES_KEPT)));
            Arc::make_mut(gauge).push(sample);
        }
    }

    /// Takes the rows as they are now; those they replace.
    pub(super) fn take(&mut self, rows: Vec<ServerRow>) -> Arc<Vec<ServerRow>> {
        for before in self.rows.iter() {
            // Of another process, or of none, nothing was read yet.
            let is_same = |row: &ServerRow| row.name == before.name && row.pid == before.pid;
            if !rows.iter().any(is_same) {
                Arc::make_mut(&mut self.gauges).remove(&before.name);
            }
        }
        std::mem::replace(&mut self.rows, Arc::new(rows))
    }
}
