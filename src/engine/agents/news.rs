//! News of proxies.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::engine::run::EngineLoop;
use crate::exec::proxy::attach::{PassedMessage, ProxyEvent, ProxyNews};
use crate::exec::proxy::frames::ShimCall;
use crate::model::{
    CallId, CallProgress, Direction, ListedTool, ProxiedServerState, ProxyId, WireMessage,
};
use crate::output::Side;

/// News that are taken before the loop looks at anything else.
const BATCH: usize = 64;

impl EngineLoop {
    /// Takes news of proxies: this, and as many as have come by now.
    pub(in crate::engine) fn proxies_told(
        &mut self,
        first: ProxyNews,
        more: &mut Option<mpsc::Receiver<ProxyNews>>,
    ) {
        self.proxy_told(first);
        for _ in 1..BATCH {
            let next = more.as_mut().and_then(|news| news.try_recv().ok());
            let Some(news) = next else { return };
            self.proxy_told(news);
        }
    }

    /// Takes news of a proxy.
    fn proxy_told(&mut self, news: ProxyNews) {
        let ProxyNews { proxy, event } = news;
        match event {
            ProxyEvent::Described(hello, control) => self.proxy_described(proxy, &hello, control),
            ProxyEvent::ToolsListed(tools) => self.tools_listed(proxy, tools),
            ProxyEvent::CallCame(facts) => self.call_came(proxy, *facts),
            ProxyEvent::ArgumentsKnown(call, args) => self.arguments_known(proxy, call, args),
            ProxyEvent::CallMoved(moved) => self.call_moved(proxy, *moved),
            ProxyEvent::Progressed(call, progress) => self.progressed(proxy, call, progress),
            ProxyEvent::CallEnded(result) => self.call_ended(proxy, *result),
            ProxyEvent::AnsweredLate(call) => self.answered_late(proxy, call),
            ProxyEvent::Passed(message) => self.message_passed(proxy, *message),
            ProxyEvent::ServerEnded(how) => self.server_ended(proxy, how),
            ProxyEvent::Lost(lost) => {
                if let Some(server) = self.agents.server_mut(proxy) {
                    server.lost.frames += lost.frames;
                    server.lost.bytes += lost.bytes;
                }
            }
            ProxyEvent::Refused { order, why, text } => {
                self.order_refused(proxy, &order, why, &text);
            }
            ProxyEvent::Gone(why) => self.proxy_gone(proxy, &why),
            ProxyEvent::Blind(why) => self.agents.edit().problem = Some(why),
        }
        self.mark();
    }

    pub(super) fn known_call(&self, proxy: ProxyId, call: ShimCall) -> Option<CallId> {
        self.agents.calls.get(&(proxy, call)).copied()
    }

    fn tools_listed(&mut self, proxy: ProxyId, tools: Arc<Vec<ListedTool>>) {
        if let Some(server) = self.agents.server_mut(proxy) {
            server.tools = tools;
        }
    }

    fn progressed(&mut self, proxy: ProxyId, call: ShimCall, progress: CallProgress) {
        let id = self.known_call(proxy, call);
        if let Some(row) = id.and_then(|id| self.rows.edit(id)) {
            let status = row.remote.get_or_insert_default();
            status.progress = Some(progress);
        }
    }

    fn answered_late(&mut self, proxy: ProxyId, call: ShimCall) {
        if let Some(id) = self.known_call(proxy, call) {
            self.edit_proxied(id, |proxied| proxied.late_answers += 1);
        }
    }

    fn message_passed(&mut self, proxy: ProxyId, message: PassedMessage) {
        let id = message.call.and_then(|call| self.known_call(proxy, call));
        if let (Some(id), Some(log)) = (id, &self.agents.protocol_log) {
            let side = match message.direction {
                Direction::ToServer => Side::Agent,
                Direction::ToAgent | Direction::Stderr => Side::Server,
            };
            log.add_message(id, side, &message.raw);
        }
        let Some(server) = self.agents.server_mut(proxy) else {
            return;
        };
        let line = WireMessage {
            at: message.at,
            direction: message.direction,
            kind: message.kind,
            text: message.text,
            call: id,
            bytes: message.bytes,
        };
        Arc::make_mut(&mut server.wire).push(Some(Arc::new(line)));
    }

    fn server_ended(&mut self, proxy: ProxyId, how: Arc<str>) {
        if let Some(server) = self.agents.server_mut(proxy) {
            server.state = ProxiedServerState::Exited { how };
            server.pid = None;
        }
        self.update_probe_targets();
    }
}
