//! The tool servers as a run sees them: their rows, their readings, and the
//! tools they tell of while the run is under way.

use std::sync::Arc;

use super::run::EngineLoop;
use crate::catalogue::Catalogue;
use crate::model::{CallSample, History, ServerName, ServerRow, ServerState};
use crate::probe::{Subject, Target};

/// Readings kept of a server: two minutes at the default period.
const SAMPLES_KEPT: usize = 240;

/// What is known of the servers.
#[derive(Debug)]
pub(super) struct ServerWatch {
    rows: Arc<Vec<ServerRow>>,
    gauges: Arc<Vec<Arc<History<CallSample>>>>,
    /// Whether there may be news of them.
    pub(super) is_stale: bool,
}

impl Default for ServerWatch {
    fn default() -> Self {
        Self {
            rows: Arc::default(),
            gauges: Arc::default(),
            is_stale: true,
        }
    }
}

impl ServerWatch {
    pub(super) fn rows(&self) -> Arc<Vec<ServerRow>> {
        Arc::clone(&self.rows)
    }

    pub(super) fn gauges(&self) -> Arc<Vec<Arc<History<CallSample>>>> {
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
        let place = self.rows.iter().position(|row| row.name == *name);
        let gauges = Arc::make_mut(&mut self.gauges);
        if let Some(gauge) = place.and_then(|place| gauges.get_mut(place)) {
            Arc::make_mut(gauge).push(sample);
        }
    }

    /// Takes the rows as they are now; those they replace.
    fn take(&mut self, rows: Vec<ServerRow>) -> Arc<Vec<ServerRow>> {
        let gauges = Arc::make_mut(&mut self.gauges);
        gauges.resize_with(rows.len(), || Arc::new(History::new(SAMPLES_KEPT)));
        for (place, row) in rows.iter().enumerate() {
            let before = self.rows.get(place);
            if before.is_some_and(|before| before.pid != row.pid) {
                // Another process, or none: nothing was read of it yet.
                gauges[place] = Arc::new(History::new(SAMPLES_KEPT));
            }
        }
        std::mem::replace(&mut self.rows, Arc::new(rows))
    }
}

impl EngineLoop {
    /// Takes over what changed about the servers, if anything did.
    pub(super) fn sync_servers(&mut self) {
        if !std::mem::take(&mut self.servers.is_stale) {
            return;
        }
        let rows = self.launcher.spawner.servers();
        let before = self.servers.take(rows);
        let now = self.servers.rows();
        for (place, row) in now.iter().enumerate() {
            let before = before.get(place);
            if let ServerState::Failed(reason) = &row.state
                && before.is_some_and(|before| before.state != row.state)
            {
                self.notify(&format!("server {} failed: {reason}", row.name));
            }
            let is_known = match before {
                Some(before) => Arc::ptr_eq(&before.tools, &row.tools),
                // It was started before the run, with its tools.
                None => self.launcher.catalogue.is_listed(&row.name),
            };
            if row.state == ServerState::Ready && !is_known {
                self.add_listed_tools(row);
            }
        }
        self.update_probe_targets();
    }

    /// A server told of its tools: from now on they can be called.
    fn add_listed_tools(&mut self, row: &ServerRow) {
        let catalogue = Catalogue::clone(&self.launcher.catalogue);
        let (catalogue, doubts) = catalogue.with_listed(&row.name, &row.tools);
        Arc::make_mut(&mut self.launcher).catalogue = Arc::new(catalogue);
        let problems = row.list_problems.iter();
        let problems = problems.map(|it| format!("server {}: {it}", row.name));
        for doubt in problems.chain(doubts.iter().map(ToString::to_string)) {
            self.notify(&doubt);
        }
    }
}
