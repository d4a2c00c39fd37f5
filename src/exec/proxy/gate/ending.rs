//! News of a call, and its end.

use std::time::Duration;

use super::{Gate, GateEffect, time};
use crate::exec::proxy::frames::{
    By, CallEnded, ProxiedOutcome, ProxiedState, ShimCall, ShimFrame,
};

/// The end of a call, as it is told.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) outcome: ProxiedOutcome,
    pub(super) is_error: bool,
    pub(super) bytes: u64,
    /// Time that the server took.
    pub(super) server: Option<Duration>,
    pub(super) reason: Option<String>,
    pub(super) by: Option<By>,
}

impl Ended {
    pub(super) fn new(outcome: ProxiedOutcome) -> Self {
        Self {
            outcome,
            is_error: false,
            bytes: 0,
            server: None,
            reason: None,
            by: None,
        }
    }
}

impl Gate {
    /// Tells a call's state.
    pub(super) fn tell_state(
        &mut self,
        now: Duration,
        id: ShimCall,
        why: Option<String>,
        by: Option<By>,
    ) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.told_why = why;
        }
        if let Some(call) = self.calls.get(&id) {
            let mut moved = self.moved(now, call);
            moved.by = by;
            self.tell(ShimFrame::State(moved));
        }
    }

    /// Tells that the server asked the agent something within a call, or that it
    /// was answered.
    pub(super) fn tell_asking(&mut self, now: Duration, id: ShimCall) {
        if let Some(call) = self.calls.get(&id) {
            let mut moved = self.moved(now, call);
            moved.state = ProxiedState::NeedsInput;
            moved.why = Some("asks the agent".to_owned());
            self.tell(ShimFrame::State(moved));
        }
    }

    /// Notes in the recording what became of a call.
    pub(super) fn note(&mut self, id: ShimCall, what: &str, why: &str) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let note = serde_json::json!({
            "note": what, "call": id.0, "rpc": call.raw_id, "tool": call.tool, "why": why,
        });
        self.effects.push(GateEffect::Note(note));
    }

    /// Ends a call: it is told, and what it held is free.
    pub(super) fn end(&mut self, now: Duration, id: ShimCall, ended: Ended) {
        self.tell_end(now, id, ended);
        self.forget(now, id);
    }

    pub(super) fn tell_end(&mut self, now: Duration, id: ShimCall, ended: Ended) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        self.tell(ShimFrame::End(CallEnded {
            call: call.call,
            t: time(now),
            outcome: ended.outcome,
            is_error: ended.is_error,
            bytes: ended.bytes,
            server_ms: ended.server.map(|took| took.as_millis() as u64),
            reason: ended.reason,
            by: ended.by,
        }));
    }

    /// Removes a call that has been told to have ended.
    pub(super) fn forget(&mut self, now: Duration, id: ShimCall) {
        self.leave_queue(now, id);
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        if call.is_unsent() {
            self.unsent.calls -= 1;
            self.unsent.bytes -= call.line.len();
        }
        if call.is_at_server() {
            self.at_server -= 1;
        }
        self.by_rpc.remove(&call.rpc);
        if let Some(token) = &call.token {
            self.by_token.remove(token);
        }
        self.timed.remove(&id);
        self.effects.push(GateEffect::Unlock(id));
        self.take_turns(now);
    }
}
