//! State of agents, their servers and their calls.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::mpsc;

use crate::exec::proxy::attach::{Attachments, ProxyNews};
use crate::exec::proxy::frames::ShimCall;
use crate::model::{
    AgentMark, AgentMode, AgentRow, Agents, CallId, LaneId, ProxiedServer, ProxyId,
};
use crate::output::ProtocolLog;

/// Calls of agents that have ended and keep their rows. An agent works all day:
/// a call that comes later takes the place of the one that ended first.
pub(super) const ENDED_KEPT: usize = 1000;

/// The connection of a run to agents at work.
#[derive(Debug)]
pub struct AgentFeed {
    /// Takes orders.
    pub attachments: Attachments,
    /// News of shims.
    pub news: mpsc::Receiver<ProxyNews>,
    /// Takes the messages of each call.
    pub protocol_log: ProtocolLog,
    /// Whether a call that waits is let go before its agent gives up.
    pub lets_go: bool,
}

/// Everything that a run knows of agents.
#[derive(Debug, Default)]
pub(in crate::engine) struct AgentWatch {
    pub(super) attachments: Option<Attachments>,
    pub(super) protocol_log: Option<ProtocolLog>,
    pub(super) lets_go: bool,
    pub(super) shown: Arc<Agents>,
    /// The mode that the user, or a proxy's own command line, asked for.
    pub(super) wanted: Option<AgentMode>,
    /// Figures of each agent.
    pub(super) tallies: BTreeMap<AgentMark, AgentTally>,
    /// Calls that have rows, by their numbers at their proxies.
    pub(super) calls: BTreeMap<(ProxyId, ShimCall), CallId>,
    /// Calls that have not ended.
    pub(super) open: BTreeMap<CallId, OpenCall>,
    /// Lanes of those that run without the scheduler.
    pub(super) lanes: BTreeMap<CallId, LaneId>,
    /// Calls that have ended, the first one first.
    pub(super) ended: VecDeque<EndedCall>,
    /// Those of them whose arguments are large.
    pub(super) large: VecDeque<CallId>,
    pub(super) last_batch: u32,
}

/// A call of an agent that has not ended.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) proxy: ProxyId,
    pub(super) call: ShimCall,
    /// Whether the scheduler has it.
    pub(super) is_scheduled: bool,
    /// Whether its proxy told where it stands; it is held as it comes then, or
    /// not.
    pub(super) is_placed: bool,
    /// Whether its end is known and its answer is being written.
    pub(super) is_ending: bool,
}

/// A call of an agent that has ended.
#[derive(Debug)]
pub(super) struct EndedCall {
    pub(super) id: CallId,
    pub(super) proxy: ProxyId,
    pub(super) call: ShimCall,
}

/// Figures of one agent.
#[derive(Debug, Default)]
pub(super) struct AgentTally {
    /// Calls that came.
    pub(super) calls: u64,
    /// Calls that have not ended.
    pub(super) open: BTreeSet<CallId>,
    /// The batch that may still grow.
    pub(super) batch: Option<OpenBatch>,
}

/// A batch that a call which comes soon belongs to.
#[derive(Debug)]
pub(super) struct OpenBatch {
    pub(super) number: u32,
    pub(super) since: SystemTime,
}

impl AgentWatch {
    /// Takes the parts of a feed that are not news.
    pub(in crate::engine) fn of(feed: &AgentFeed) -> Self {
        Self {
            attachments: Some(feed.attachments.clone()),
            protocol_log: Some(feed.protocol_log.clone()),
            lets_go: feed.lets_go,
            ..Self::default()
        }
    }

    pub(in crate::engine) fn shown(&self) -> Arc<Agents> {
        Arc::clone(&self.shown)
    }

    /// Whether a call is an agent's and has not ended.
    pub(in crate::engine) fn is_open(&self, id: CallId) -> bool {
        self.open.contains_key(&id)
    }

    /// Calls that have not ended and that the scheduler does not have, in the
    /// order in which they came.
    pub(in crate::engine) fn unscheduled(&self) -> impl Iterator<Item = CallId> {
        let open = self.open.iter().filter(|(_, call)| !call.is_scheduled);
        open.map(|(id, _)| *id)
    }

    pub(super) fn edit(&mut self) -> &mut Agents {
        Arc::make_mut(&mut self.shown)
    }

    /// The row of a server, to be changed.
    pub(super) fn server_mut(&mut self, proxy: ProxyId) -> Option<&mut ProxiedServer> {
        let servers = &mut self.edit().servers;
        let server = servers.iter_mut().find(|it| it.proxy == proxy)?;
        Some(Arc::make_mut(server))
    }

    pub(super) fn server(&self, proxy: ProxyId) -> Option<&ProxiedServer> {
        self.shown.server(proxy).map(Arc::as_ref)
    }

    /// The row of an agent, to be changed.
    pub(super) fn agent_mut(&mut self, mark: &AgentMark) -> Option<&mut AgentRow> {
        let agents = &mut self.edit().agents;
        let agent = agents.iter_mut().find(|it| it.mark == *mark)?;
        Some(Arc::make_mut(agent))
    }

    /// Calls that have not ended, of one proxy.
    pub(super) fn open_at(&self, proxy: ProxyId) -> Vec<CallId> {
        let open = self.open.iter().filter(|(_, call)| call.proxy == proxy);
        open.map(|(id, _)| *id).collect()
    }
}
