//! Part of the state: which agent or server is selected on the agents' screen,
//! its calls, and how far the messages are scrolled.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{ListView, TextScroll};
use crate::model::{AgentMark, Agents, CallId, CallRow, ProxiedServer, ProxyControl, ProxyId};

/// A row of the list: an agent, or one of its servers below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgentItem {
    /// An agent.
    Agent(AgentMark),
    /// A server behind a proxy.
    Server(ProxyId),
}

impl AgentItem {
    /// The rows of the list, in order: each agent, then its servers.
    pub fn all(agents: &Agents) -> Vec<Self> {
        let mut items = Vec::with_capacity(agents.agents.len() + agents.servers.len());
        for row in &agents.agents {
            items.push(Self::Agent(row.mark.clone()));
            let servers = agents.servers_of(&row.mark);
            items.extend(servers.map(|it| Self::Server(it.proxy)));
        }
        items
    }

    /// Whether an agent's call belongs to it.
    pub fn has(&self, row: &CallRow) -> bool {
        row.proxied.as_ref().is_some_and(|call| match self {
            Self::Agent(mark) => call.agent == *mark,
            Self::Server(proxy) => call.proxy == *proxy,
        })
    }

    /// The servers that it stands for.
    pub fn servers<'a>(
        &'a self,
        agents: &'a Agents,
    ) -> impl Iterator<Item = &'a Arc<ProxiedServer>> {
        agents.servers.iter().filter(move |it| match self {
            Self::Agent(mark) => it.agent == *mark,
            Self::Server(proxy) => it.proxy == *proxy,
        })
    }
}

/// State of the agents' screen.
#[derive(Debug, Clone, Default)]
pub struct AgentsView {
    /// Position in the list.
    pub list: ListView,
    /// The selected agent or server.
    pub selected: Option<AgentItem>,
    /// Its calls: those that have not ended first, then the latest.
    pub calls: Arc<Vec<CallId>>,
    /// Rows of the messages below the last visible one; 0 follows them.
    pub wire: TextScroll,
    /// The proxies that were asked for control.
    asked: BTreeSet<ProxyId>,
    /// Selection and revision that `calls` were made of.
    pub(super) calls_of: Option<(AgentItem, u64)>,
}

impl AgentsView {
    /// Selects the item of a row.
    pub(super) fn select(&mut self, items: &[AgentItem], row: usize) {
        let row = row.min(items.len().saturating_sub(1));
        self.list.row = row;
        self.list.is_scrolled = false;
        let item = items.get(row).cloned();
        if item != self.selected {
            self.selected = item;
            self.wire = TextScroll::default();
        }
    }

    /// Whether a proxy that nobody controls was not asked for control yet. Those
    /// that are controlled by now may be asked again.
    pub(super) fn note_free(&mut self, agents: &Agents) -> bool {
        let free = agents.servers.iter();
        let free = free.filter(|it| it.is_attached() && it.control == ProxyControl::Free);
        let free: BTreeSet<ProxyId> = free.map(|it| it.proxy).collect();
        let is_new = !free.is_subset(&self.asked);
        self.asked = free;
        is_new
    }
}
