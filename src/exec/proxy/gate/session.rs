//! Knowledge of the agent and of the server's tools, learned from what
//! passes: nothing is asked.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::exec::proxy::envelope::{
    Envelope, ListedTool, Meta, OtherParams, ProgramInfo, ResultParts, RpcId, read,
};
use crate::exec::proxy::known_agents::{self, KnownAgent};

/// Bytes of tools that are kept.
const TOOLS_BYTES: usize = 4 << 20;

/// Open requests for lists that are remembered.
const MOST_LISTS: usize = 64;

/// Knowledge of one session.
#[derive(Debug, Default)]
pub(in crate::exec::proxy) struct Session {
    pub(in crate::exec::proxy) client: Option<ProgramInfo>,
    pub(in crate::exec::proxy) protocol: Option<String>,
    /// The agent's own name of its session.
    pub(in crate::exec::proxy) name: Option<String>,
    /// Whether more was asked than whether a server is there.
    pub(in crate::exec::proxy) is_in_use: bool,
    /// Lines of the server that are not JSON.
    pub(in crate::exec::proxy) not_json: u64,
    /// Messages that passed unread.
    pub(in crate::exec::proxy) unread: u64,
    initialize: Option<RpcId>,
    /// Open requests for tools, and whether each asks for the first page.
    lists: BTreeMap<RpcId, bool>,
    tools: Vec<Box<RawValue>>,
    tools_bytes: usize,
    /// Whether the tools at hand are the whole list.
    is_listed: bool,
    /// Whether each tool only reads.
    read_only: BTreeMap<String, bool>,
    is_stale: bool,
}

/// A change worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learned {
    Nothing,
    Agent,
    Tools,
}

impl Session {
    pub(super) fn new(name: Option<String>) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// Returns what is known of agents like this one.
    pub(super) fn known_agent(&self) -> Option<&'static KnownAgent> {
        let client = self.client.as_ref()?;
        known_agents::find(&client.name, client.version.as_deref())
    }

    /// Returns whether a tool only reads; `None` where the server has not said.
    pub(super) fn is_read_only(&self, tool: &str) -> Option<bool> {
        let known = self.read_only.get(tool).copied();
        known.filter(|_| !self.is_stale)
    }

    /// Returns the number of tools, once they were listed.
    pub(in crate::exec::proxy) fn tool_count(&self) -> Option<u64> {
        self.is_listed.then_some(self.tools.len() as u64)
    }

    /// Returns the list of tools as JSON, once there is one.
    pub(in crate::exec::proxy) fn tools(&self) -> Option<Vec<u8>> {
        self.is_listed
            .then(|| serde_json::to_vec(&self.tools).unwrap_or_default())
    }

    /// Reads a request of the agent.
    pub(super) fn requested(
        &mut self,
        id: RpcId,
        method: &str,
        envelope: &Envelope<'_>,
    ) -> Learned {
        let params: Option<OtherParams<'_>> = envelope.params();
        let mut learned = Learned::Nothing;
        if !self.is_in_use && method != "server/discover" && method != "initialize" {
            self.is_in_use = true;
            learned = Learned::Agent;
        }
        match method {
            "initialize" => {
                self.initialize = Some(id);
                let info = params.as_ref().and_then(|params| params.client_info);
                self.client = info.and_then(read).or(self.client.take());
                return Learned::Agent;
            }
            "tools/list" if self.lists.len() < MOST_LISTS => {
                let is_first = params.as_ref().is_none_or(|it| it.cursor.is_none());
                self.lists.insert(id, is_first);
            }
            _ => {}
        }
        let meta = params.and_then(|params| params.meta);
        match meta.and_then(read::<Meta<'_>>) {
            Some(meta) if self.introduced(&meta) => Learned::Agent,
            _ => learned,
        }
    }

    /// Reads the `_meta` of a request. Returns whether it told of the agent.
    pub(super) fn introduced(&mut self, meta: &Meta<'_>) -> bool {
        let mut is_new = false;
        if let (None, Some(info)) = (&self.client, meta.client) {
            self.client = read(info);
            is_new = true;
        }
        if let (None, Some(protocol)) = (&self.protocol, &meta.protocol) {
            self.protocol = Some(protocol.clone().into_owned());
            is_new = true;
        }
        if let (None, Some(thread)) = (&self.name, &meta.thread) {
            self.name = Some(thread.clone().into_owned());
            is_new = true;
        }
        is_new
    }

    /// Reads an answer of the server.
    pub(super) fn answered(&mut self, id: &RpcId, envelope: &Envelope<'_>) -> Learned {
        if self.initialize.as_ref() == Some(id) {
            self.initialize = None;
            let parts: Option<ResultParts<'_>> = envelope.result();
            let version = parts.and_then(|it| it.protocol_version);
            self.protocol = version.map(std::borrow::Cow::into_owned);
            return Learned::Agent;
        }
        let Some(is_first) = self.lists.remove(id) else {
            return Learned::Nothing;
        };
        let Some(parts) = envelope.result::<ResultParts<'_>>() else {
            return Learned::Nothing;
        };
        if is_first {
            self.tools.clear();
            self.tools_bytes = 0;
            self.read_only.clear();
            self.is_stale = false;
        }
        for tool in parts.tools.unwrap_or_default() {
            self.listed(tool);
        }
        self.is_listed = parts.next_cursor.is_none();
        if self.is_listed {
            Learned::Tools
        } else {
            Learned::Nothing
        }
    }

    fn listed(&mut self, tool: &RawValue) {
        self.tools_bytes += tool.get().len();
        if self.tools_bytes > TOOLS_BYTES {
            return;
        }
        if let Some(known) = read::<ListedTool<'_>>(tool) {
            let hints = known.annotations.unwrap_or_default();
            let is_read_only = hints.read_only_hint.unwrap_or(false);
            self.read_only.insert(known.name.into_owned(), is_read_only);
        }
        self.tools.push(tool.to_owned());
    }

    /// Notes that the server's list has changed: until it is read again, no tool
    /// is known to only read.
    pub(super) fn list_changed(&mut self) {
        self.is_stale = true;
    }
}
