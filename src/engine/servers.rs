//! Follows the tool servers: their states, and the tools that they list while
//! the run is under way.

use std::sync::Arc;

use super::aside::{Completion, Weight};
use super::run::EngineLoop;
use crate::catalogue::Catalogue;
use crate::model::ServerState;

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
                self.servers.to_list.insert(row.name.clone());
            }
        }
        self.list_next_aside();
        self.update_probe_targets();
    }

    /// Takes the tools of the next server that told of others into a catalogue:
    /// of one server after the other, since each catalogue follows from the last.
    fn list_next_aside(&mut self) {
        if self.servers.is_listing {
            return;
        }
        let rows = self.servers.rows();
        let next = self.servers.to_list.pop_first();
        let Some(row) = next.and_then(|name| rows.iter().find(|row| row.name == name)) else {
            return;
        };
        self.servers.is_listing = true;
        let (name, tools) = (row.name.clone(), Arc::clone(&row.tools));
        let problems = row.list_problems.iter();
        let mut problems: Vec<String> = problems.map(|it| format!("server {name}: {it}")).collect();
        let before = Arc::clone(&self.launcher.catalogue);
        let kept = Arc::clone(&before);
        self.aside.spawn(
            Weight::Light,
            move || {
                let (catalogue, mut doubts) = Catalogue::clone(&before).with_listed(&name, &tools);
                doubts.extend(catalogue.compile_listed(&name));
                problems.extend(doubts.iter().map(ToString::to_string));
                Completion::ToolsListed {
                    catalogue: Arc::new(catalogue),
                    problems,
                }
            },
            move || Completion::ToolsListed {
                catalogue: kept,
                problems: vec!["an internal error: reading the tools of a server panicked".into()],
            },
        );
    }

    /// From now on the tools of this catalogue can be called.
    pub(super) fn take_catalogue(&mut self, catalogue: Arc<Catalogue>, problems: &[String]) {
        self.catalogues.send_replace(Arc::clone(&catalogue));
        Arc::make_mut(&mut self.launcher).catalogue = catalogue;
        for problem in problems {
            self.notify(problem);
        }
        self.servers.is_listing = false;
        self.list_next_aside();
        self.mark();
    }
}
