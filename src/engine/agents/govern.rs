//! Governed calls: the scheduler decides when each goes to its server.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::run::EngineLoop;
use crate::exec::proxy::attach::ProxyOrder;
use crate::exec::proxy::frames::{RefusedWhy, Side};
use crate::model::{
    Access, AgentMode, CallId, CallState, LaneId, LetGo, ProxiedServer, ProxiedStage, ProxyControl,
    ProxyId, WaitReason, plural,
};
use crate::sched::{CallSpec, Input};

impl EngineLoop {
    /// Queues a call that waits at its proxy in the scheduler.
    pub(super) fn schedule(&mut self, id: CallId) {
        let Some(open) = self.agents.open.get_mut(&id) else {
            return;
        };
        if std::mem::replace(&mut open.is_scheduled, true) {
            return;
        }
        self.edit_proxied(id, |proxied| proxied.is_watched = false);
        let Some(row) = self.rows.get(id) else { return };
        let group = row.proxied.as_ref().map(|it| it.agent.as_str().into());
        let spec = CallSpec {
            // Arguments of agents repeat too seldom to learn from them.
            args: None,
            group,
            ..CallSpec::of(&row.call)
        };
        self.step(self.clock.now(), Input::CallsQueued(vec![spec]));
    }

    /// Takes a call out of the scheduler: something else decides about it, or
    /// it needs nothing any more. What it held goes to others in the same step.
    pub(super) fn withdraw(&mut self, id: CallId) {
        let Some(open) = self.agents.open.get_mut(&id) else {
            return;
        };
        let is_ending = open.is_ending;
        if !std::mem::take(&mut open.is_scheduled) {
            return;
        }
        // One that ends leaves its lane to the next at once.
        let lane = self.rows.get(id).and_then(|row| row.state.lane());
        if let Some(lane) = lane.filter(|_| !is_ending) {
            self.agents.lanes.insert(id, lane);
        }
        self.step(self.clock.now(), Input::CallsWithdrawn(vec![id]));
    }

    /// Sends a call whose turn has come.
    pub(in crate::engine) fn start_proxied(&mut self, id: CallId, lane: LaneId, now: Duration) {
        let Some((proxy, call)) = self.agents.open.get(&id).map(|it| (it.proxy, it.call)) else {
            return;
        };
        self.begin_attempt(id, lane, now);
        self.sync_state(id, now);
        let row = self.rows.get(id);
        let proxied = row.and_then(|row| row.proxied.as_ref());
        let is_unlocked = proxied.is_some_and(|it| it.access == Access::Relaxed);
        self.order(proxy, ProxyOrder::Go { call, is_unlocked });
    }

    /// Sends a call that the scheduler takes no more, because the run is
    /// stopped or ends: that is no affair of its agent.
    pub(in crate::engine) fn pass_on(&mut self, id: CallId) -> Option<Input> {
        let open = self.agents.open.get_mut(&id)?;
        open.is_scheduled = false;
        let (proxy, call) = (open.proxy, open.call);
        self.edit_proxied(id, |proxied| {
            proxied.is_watched = true;
            proxied.let_go = Some(LetGo::RunStopped);
        });
        let is_unlocked = false;
        self.order(proxy, ProxyOrder::Go { call, is_unlocked });
        Some(Input::CallsWithdrawn(vec![id]))
    }

    /// Passes an order on; asks for control before it where nobody has it.
    /// Returns whether it was sent.
    pub(super) fn order(&mut self, proxy: ProxyId, order: ProxyOrder) -> bool {
        let Some(server) = self.agents.server(proxy) else {
            return false;
        };
        let name = server.full_name();
        let refusal = match &server.control {
            ProxyControl::Ours | ProxyControl::Free => None,
            ProxyControl::Others { by } => Some(format!("{name} is controlled by {by}")),
            ProxyControl::WatchOnly { why } => Some(format!("{name}: {why}")),
        };
        let is_free = server.control == ProxyControl::Free;
        let takes = matches!(order, ProxyOrder::Control { is_takeover: true });
        if let Some(refusal) = refusal.filter(|_| !takes) {
            self.notify(&refusal);
            return false;
        }
        let Some(attachments) = self.agents.attachments.clone() else {
            return false;
        };
        let asks = is_free && !matches!(order, ProxyOrder::Control { .. });
        let control = asks.then_some(ProxyOrder::Control { is_takeover: false });
        for order in control.into_iter().chain([order]) {
            if let Err(error) = attachments.send(proxy, order) {
                self.notify(&format!("{name}: {error}"));
                return false;
            }
        }
        true
    }

    /// An order was refused: what that means, and whether it is worth a word.
    pub(super) fn order_refused(
        &mut self,
        proxy: ProxyId,
        order: &ProxyOrder,
        why: RefusedWhy,
        text: &str,
    ) {
        let id = order.call().and_then(|call| self.known_call(proxy, call));
        // A call that left its proxy while the order was on its way is told of
        // by itself.
        if matches!(order, ProxyOrder::Go { .. })
            && matches!(why, RefusedWhy::Gone | RefusedWhy::NotHeld)
        {
            return;
        }
        if let (ProxyOrder::Edit { side, .. }, Some(id)) = (order, id) {
            self.edit_refused(id, *side);
        }
        let name = match id.and_then(|id| self.rows.get(id)) {
            Some(row) => row.call.name.to_string(),
            None => self
                .agents
                .server(proxy)
                .map(ProxiedServer::full_name)
                .unwrap_or_default(),
        };
        self.notify(&format!("{} {name}: {text}", order.words()));
    }

    /// Takes back what the row says of an edit that was refused.
    fn edit_refused(&mut self, id: CallId, side: Side) {
        if let Some(row) = self.rows.edit(id)
            && side == Side::Call
        {
            row.args = Arc::clone(&row.call.args);
        }
        self.edit_proxied(id, |proxied| match side {
            Side::Call => proxied.is_edited = false,
            Side::Answer => proxied.is_answer_edited = false,
        });
    }

    /// Follows a change of our role at a proxy.
    pub(super) fn control_changed(
        &mut self,
        proxy: ProxyId,
        before: &ProxyControl,
        now: ProxyControl,
    ) {
        match (*before == ProxyControl::Ours, now) {
            (false, ProxyControl::Ours) => {
                // Until a mode is asked for, a proxy that governs goes on so.
                if let Some(mode) = self.agents.wanted {
                    self.send_mode(proxy, mode);
                }
            }
            (false, ProxyControl::Free) if self.agents.wanted == Some(AgentMode::Govern) => {
                self.order(proxy, ProxyOrder::Control { is_takeover: false });
            }
            (true, ProxyControl::Ours) | (false, _) => {}
            (true, _) => self.control_lost(proxy),
        }
    }

    /// Others decide about the calls of a proxy from now on.
    fn control_lost(&mut self, proxy: ProxyId) {
        let now = self.clock.now();
        for id in self.agents.open_at(proxy) {
            let state = self.rows.get(id).map(|row| row.state);
            if state == Some(CallState::Queued) {
                self.withdraw(id);
                let why = "another one controls its proxy".into();
                self.rows
                    .set_wait(id, Some(WaitReason::AtProxy { why }), now);
            }
        }
    }

    fn send_mode(&mut self, proxy: ProxyId, mode: AgentMode) {
        let lets_go = self.agents.lets_go;
        self.order(proxy, ProxyOrder::SetMode { mode, lets_go });
    }

    /// Has agents watched or governed from now on, at every proxy that we may
    /// control.
    pub(super) fn want(&mut self, mode: AgentMode) {
        self.agents.wanted = Some(mode);
        self.agents.edit().mode = mode;
        if mode == AgentMode::Watch {
            // Nothing can be held as it comes while everything passes.
            self.agents.edit().intercept.is_on = false;
            self.let_everything_pass();
        }
        let servers = self.agents.shown.servers.iter();
        let attached = servers.filter(|it| it.is_attached());
        let attached: Vec<(ProxyId, ProxyControl)> =
            attached.map(|it| (it.proxy, it.control.clone())).collect();
        for (proxy, control) in attached {
            match control {
                ProxyControl::Ours => self.send_mode(proxy, mode),
                ProxyControl::Free if mode == AgentMode::Govern => {
                    self.order(proxy, ProxyOrder::Control { is_takeover: false });
                }
                ProxyControl::Free
                | ProxyControl::Others { .. }
                | ProxyControl::WatchOnly { .. } => {}
            }
        }
    }

    /// The scheduler decides about no call any more that has not been sent.
    fn let_everything_pass(&mut self) {
        let now = self.clock.now();
        let open: Vec<CallId> = self.agents.open.keys().copied().collect();
        for id in open {
            let row = self.rows.get(id);
            let is_held = row.is_some_and(|row| matches!(row.wait, Some(WaitReason::Held { .. })));
            if row.is_some_and(|row| row.state == CallState::Queued) && !is_held {
                self.withdraw(id);
                let why = "its turn".into();
                self.rows
                    .set_wait(id, Some(WaitReason::AtProxy { why }), now);
                self.edit_proxied(id, |proxied| proxied.is_watched = true);
            }
        }
    }

    /// Governs agents, as a cap that is turned while they are on the screen is
    /// meant for them.
    pub(in crate::engine) fn govern_agents(&mut self) {
        let is_governed = self.agents.wanted == Some(AgentMode::Govern);
        if self.agents.shown.present() == 0 || is_governed {
            return;
        }
        self.want(AgentMode::Govern);
        self.say_governed();
    }

    pub(super) fn say_governed(&mut self) {
        let cap = self.policy.cap;
        let others = self.agents.shown.servers.iter().filter(|it| {
            it.is_attached()
                && matches!(
                    it.control,
                    ProxyControl::Others { .. } | ProxyControl::WatchOnly { .. }
                )
        });
        let others = others.count();
        let but = match others {
            0 => String::new(),
            others => format!("; {} not: others control them", plural(others, "server")),
        };
        self.notify(&format!(
            "agents are governed now: cap {cap}, one writer a server (V: let everything pass){but}"
        ));
    }

    /// Asks the proxies of agents' calls to cancel them. Returns the other
    /// calls.
    pub(in crate::engine) fn cancel_of_agents(&mut self, ids: Vec<CallId>) -> Vec<CallId> {
        let mut others = ids;
        let is_agents = |id: &CallId| self.agents.is_open(*id);
        let cancelled: Vec<CallId> = others.iter().copied().filter(is_agents).collect();
        others.retain(|id| !cancelled.contains(id));
        for id in cancelled {
            if let Some(open) = self.agents.open.get(&id) {
                let call = open.call;
                self.order(open.proxy, ProxyOrder::Cancel { call });
            }
        }
        others
    }

    /// Whether a call waits at its proxy.
    pub(super) fn is_waiting_at_proxy(&self, id: CallId) -> bool {
        let row = self.rows.get(id);
        let proxied = row.and_then(|row| row.proxied.as_ref());
        proxied.is_some_and(|it| it.stage == ProxiedStage::Waiting)
    }

    /// Names who holds a call in words for its row.
    pub(super) fn held_by_you() -> Arc<str> {
        "held by you".into()
    }
}
