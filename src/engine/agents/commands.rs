//! Commands of a user about agents and their calls.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::engine::AgentCommand;
use crate::engine::run::EngineLoop;
use crate::exec::proxy::attach::ProxyOrder;
use crate::exec::proxy::frames::Side;
use crate::model::{AgentMode, CallId, Intercept, ProxiedStage, ProxyControl, ProxyId};

impl EngineLoop {
    /// Carries out a command about agents.
    pub(in crate::engine) fn handle_agent_command(&mut self, command: AgentCommand) {
        if self.agents.attachments.is_none() {
            self.notify("agents are not looked for here");
            return;
        }
        match command {
            AgentCommand::SetMode(mode) => self.set_agent_mode(mode),
            AgentCommand::Hold(ids) => self.hold(&ids),
            AgentCommand::Release(ids) => self.release(&ids),
            AgentCommand::ReleaseAll => self.release(&self.held_calls()),
            AgentCommand::RefuseAll => self.refuse(&self.held_calls()),
            AgentCommand::EditArguments {
                call,
                args,
                is_released,
            } => self.edit_arguments(call, args, is_released),
            AgentCommand::EditAnswer {
                call,
                result,
                is_released,
            } => {
                if self.edit_held(call, Side::Answer, result, is_released) {
                    self.edit_proxied(call, |proxied| proxied.is_answer_edited = true);
                }
            }
            AgentCommand::Answer { call, result } => self.answer(call, result),
            AgentCommand::KillServer(proxy) => {
                self.order(proxy, ProxyOrder::Kill);
            }
            AgentCommand::SetIntercept(intercept) => self.set_intercept(intercept),
            AgentCommand::RequestControl => self.ask_for_control(false),
            AgentCommand::TakeControl => self.ask_for_control(true),
        }
        self.mark();
    }

    fn set_agent_mode(&mut self, mode: AgentMode) {
        self.want(mode);
        match mode {
            AgentMode::Govern => self.say_governed(),
            AgentMode::Watch => self.notify("agents are only watched now: everything passes"),
        }
    }

    fn set_intercept(&mut self, intercept: Intercept) {
        let is_on = intercept.is_on && intercept.pattern.is_some();
        self.agents.edit().intercept = intercept;
        if is_on {
            // Only what waits for us can be held as it comes, also of agents that
            // are not here yet.
            self.govern_agents();
            if self.agents.wanted != Some(AgentMode::Govern) {
                self.want(AgentMode::Govern);
            }
        }
    }

    fn held_calls(&self) -> Vec<CallId> {
        let is_held = |id: &CallId| {
            let row = self.rows.get(*id);
            let proxied = row.and_then(|row| row.proxied.as_ref());
            proxied.is_some_and(|proxied| proxied.is_held())
        };
        self.agents.open.keys().copied().filter(is_held).collect()
    }

    fn hold(&mut self, ids: &[CallId]) {
        for id in ids {
            let Some(place) = self.place_at_proxy(*id) else {
                continue;
            };
            let side = place.side;
            let (proxy, call) = (place.proxy, place.call);
            let why = Self::held_by_you();
            let is_sent = self.order(proxy, ProxyOrder::Hold { call, side, why });
            let holds_answer = is_sent && side == Side::Answer;
            self.edit_proxied(*id, |proxied| proxied.holds_answer |= holds_answer);
        }
    }

    fn release(&mut self, ids: &[CallId]) {
        for id in ids {
            let Some(place) = self.place_at_proxy(*id) else {
                continue;
            };
            let (side, call) = (place.side, place.call);
            if self.order(place.proxy, ProxyOrder::Release { call, side }) {
                self.edit_proxied(*id, |proxied| proxied.holds_answer = false);
            }
        }
    }

    /// Answers held calls with an error; held answers go as they are.
    fn refuse(&mut self, ids: &[CallId]) {
        let text = "[fanout] refused by the user";
        let result: Arc<Value> = Arc::new(json!({
            "content": [{"type": "text", "text": text}], "isError": true,
        }));
        for id in ids {
            if self.is_waiting_at_proxy(*id) {
                self.answer(*id, Arc::clone(&result));
            } else {
                self.release(&[*id]);
            }
        }
    }

    fn edit_arguments(&mut self, id: CallId, args: Arc<Value>, is_released: bool) {
        if !args.is_object() {
            self.notify("not edited: arguments are a JSON object");
            return;
        }
        if self.edit_held(id, Side::Call, Arc::clone(&args), is_released) {
            if let Some(row) = self.rows.edit(id) {
                row.args = args;
            }
            self.edit_proxied(id, |proxied| proxied.is_edited = true);
        }
    }

    /// Replaces what is held; says so where nothing is.
    fn edit_held(&mut self, id: CallId, side: Side, value: Arc<Value>, is_released: bool) -> bool {
        let row = self.rows.get(id);
        let proxied = row.and_then(|row| row.proxied.as_ref());
        let is_held = proxied.is_some_and(|proxied| proxied.is_held());
        match self.place_at_proxy(id) {
            Some(place) if is_held && place.side == side => {
                let order = ProxyOrder::Edit {
                    call: place.call,
                    side,
                    value,
                    is_released,
                };
                self.order(place.proxy, order)
            }
            _ => {
                self.notify("not edited: it is not held any more");
                false
            }
        }
    }

    fn answer(&mut self, id: CallId, result: Arc<Value>) {
        let Some(place) = self.place_at_proxy(id) else {
            self.notify("not answered: the call has ended");
            return;
        };
        let call = place.call;
        self.order(place.proxy, ProxyOrder::Answer { call, result });
    }

    fn ask_for_control(&mut self, is_takeover: bool) {
        let servers = self.agents.shown.servers.iter();
        let asked = servers.filter(|it| match &it.control {
            ProxyControl::Free => it.is_attached(),
            ProxyControl::Others { .. } => is_takeover,
            ProxyControl::Ours | ProxyControl::WatchOnly { .. } => false,
        });
        let asked: Vec<ProxyId> = asked.map(|it| it.proxy).collect();
        for proxy in asked {
            self.order(proxy, ProxyOrder::Control { is_takeover });
        }
    }

    /// Where a call stands, if it has not ended: on its way to the server, or
    /// behind that.
    fn place_at_proxy(&self, id: CallId) -> Option<PlaceAtProxy> {
        let open = self.agents.open.get(&id)?;
        let proxied = self.rows.get(id)?.proxied.as_ref()?;
        Some(PlaceAtProxy {
            proxy: open.proxy,
            call: open.call,
            side: match proxied.stage {
                ProxiedStage::Waiting => Side::Call,
                _ => Side::Answer,
            },
        })
    }
}

/// Where a call stands.
struct PlaceAtProxy {
    proxy: ProxyId,
    call: crate::exec::proxy::frames::ShimCall,
    side: Side,
}
