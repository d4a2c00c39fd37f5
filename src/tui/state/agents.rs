//! Questions to the state about agents: what is selected, what is held, and
//! what of the run is theirs.

use std::sync::Arc;

use super::{AgentItem, Pane, Screen, Selection, State};
use crate::model::{CallId, CallRow, CallState, ProxiedCall, ProxiedServer};

impl State {
    /// Whether an agent is here, or was a while ago.
    pub fn has_agents(&self) -> bool {
        !self.run.agents.agents.is_empty()
    }

    /// Returns what is known of the selected call as one that an agent made.
    pub fn selected_proxied(&self) -> Option<(&Arc<CallRow>, &ProxiedCall)> {
        let row = self.selected()?;
        Some((row, row.proxied.as_deref()?))
    }

    /// The server behind the proxy that a call came through.
    pub fn proxied_server(&self, call: &ProxiedCall) -> Option<&Arc<ProxiedServer>> {
        self.run.agents.server(call.proxy)
    }

    /// The selected server; where an agent with one server is selected, that.
    pub fn selected_proxied_server(&self) -> Option<&Arc<ProxiedServer>> {
        let mut servers = self.agents.selected.as_ref()?.servers(&self.run.agents);
        let first = servers.next()?;
        servers.next().is_none().then_some(first)
    }

    /// Whether messages of the selected call are on the screen beside its
    /// details, so that they are worth looking up.
    pub fn shows_messages(&self) -> bool {
        let has_details = !self.layout().pane(Pane::Detail).is_empty();
        let is_of_server = || {
            let row = self.selected();
            row.is_some_and(|row| row.proxied.is_some() || self.server_of(row).is_some())
        };
        self.screen == Screen::Servers || has_details && is_of_server()
    }

    /// Calls of agents that are in lanes and count towards no cap.
    pub fn watched_in_lanes(&self) -> usize {
        let rows = self.run.lanes.iter().flatten();
        let rows = rows.filter_map(|id| self.run.row(*id));
        rows.filter(|row| is_watched(row)).count()
    }

    /// Calls that have not ended and that no agent made: how many run, and how
    /// many wait.
    pub fn own_open(&self) -> OwnCalls {
        let own = |ids: &mut dyn Iterator<Item = &CallId>| {
            let rows = ids.filter_map(|id| self.run.row(*id));
            rows.filter(|row| row.proxied.is_none()).count()
        };
        OwnCalls {
            busy: own(&mut self.run.lanes.iter().flatten()),
            waiting: own(&mut self.run.queue.iter()),
        }
    }

    /// Calls in lanes on the server of an agent's call, itself included.
    pub fn sharing(&self, call: &ProxiedCall) -> usize {
        let rows = self.run.lanes.iter().flatten();
        let rows = rows.filter_map(|id| self.run.row(*id)?.proxied.as_ref());
        rows.filter(|it| it.proxy == call.proxy).count()
    }

    /// Whether a call is the first in the lanes on its server.
    pub fn is_first_of_server(&self, row: &CallRow, call: &ProxiedCall) -> bool {
        let rows = self.run.lanes.iter().flatten();
        let mut rows = rows.filter_map(|id| self.run.row(*id));
        let is_of = |it: &&Arc<CallRow>| it.proxied.as_ref().is_some_and(|p| p.proxy == call.proxy);
        rows.find(is_of).is_none_or(|first| first.id == row.id)
    }

    /// Selects the agent or server in a row.
    pub fn select_agent_item(&mut self, row: usize) {
        let items = AgentItem::all(&self.run.agents);
        self.agents.select(&items, row);
    }

    /// Moves the selection among agents and servers by some rows.
    pub fn step_agent_item(&mut self, by: isize) {
        self.select_agent_item(self.agents.list.row.saturating_add_signed(by));
    }

    /// Selects the server of the call that the user chose.
    pub(super) fn select_agent_of_call(&mut self) {
        if let Selection::Chosen(_) = self.selection
            && let Some((_, call)) = self.selected_proxied()
        {
            let item = AgentItem::Server(call.proxy);
            let items = AgentItem::all(&self.run.agents);
            if let Some(row) = items.iter().position(|it| *it == item) {
                self.agents.select(&items, row);
            }
        }
    }

    /// Selects the first agent where none is, and lists its calls.
    pub(super) fn settle_agents(&mut self) {
        if self.screen != Screen::Agents {
            return;
        }
        let items = AgentItem::all(&self.run.agents);
        let selected = self.agents.selected.as_ref();
        let row = items.iter().position(|it| Some(it) == selected);
        if row.is_none() {
            self.agents.select(&items, self.agents.list.row);
        }
        let visible = self.layout().rows(self, Pane::Agents);
        let row = row.unwrap_or(self.agents.list.row);
        self.agents.list.settle(items.len(), visible, Some(row));
        self.list_calls_of_agent();
    }

    fn list_calls_of_agent(&mut self) {
        let selected = self.agents.selected.clone();
        let made_of = selected.map(|item| (item, self.run.revision));
        if self.agents.calls_of == made_of {
            return;
        }
        let rows = self.run.calls.iter().rev();
        let is_of = |row: &&Arc<CallRow>| {
            let item = self.agents.selected.as_ref();
            item.is_some_and(|item| item.has(row))
        };
        let (open, ended): (Vec<&Arc<CallRow>>, Vec<&Arc<CallRow>>) =
            rows.filter(is_of).partition(|row| !row.state.is_ended());
        let calls: Vec<CallId> = open.into_iter().chain(ended).map(|row| row.id).collect();
        if *self.agents.calls != calls {
            self.agents.calls = Arc::new(calls);
        }
        self.agents.calls_of = made_of;
    }

    /// Whether a proxy that is shown is free, and was not asked for control yet.
    pub(in crate::tui) fn wants_control(&mut self) -> bool {
        let agents = Arc::clone(&self.run.agents);
        self.screen == Screen::Agents && self.agents.note_free(&agents)
    }
}

/// Calls that no agent made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnCalls {
    /// Those that run.
    pub busy: usize,
    /// Those that wait.
    pub waiting: usize,
}

/// Whether a call only passes, and counts towards no cap.
fn is_watched(row: &CallRow) -> bool {
    let is_busy = !matches!(row.state, CallState::Queued | CallState::Ended(_));
    is_busy && row.proxied.as_ref().is_some_and(|call| call.is_watched)
}
