//! Follows the tool servers: their states, and the tools that they list while
//! the run is under way.

use std::sync::Arc;

use super::run::EngineLoop;
use crate::catalogue::Catalogue;
use crate::model::{ServerRow, ServerState};

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
