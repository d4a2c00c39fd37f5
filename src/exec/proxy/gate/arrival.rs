//! Messages of the agent: each passes, or begins to wait.

use std::time::Duration;

use serde_json::value::RawValue;

use super::call::{OpenCall, Phase, Stopping, WaitsFor};
use super::ending::Ended;
use super::session::Learned;
use super::{
    Gate, GateEffect, META_BYTES, MOST_SERVER_REQUESTS, Ruler, WAITING_BYTES, WAITING_CALLS,
    own_messages, time,
};
use crate::exec::proxy::envelope::{CallParams, Envelope, Kind, Meta, OtherParams, RpcId, read};
use crate::exec::proxy::frames::{By, CallCame, Direction, ProxiedOutcome, ShimCall, ShimFrame};

/// Method of calls.
const CALL: &str = "tools/call";

/// Requests of a server whose answer may need further calls.
const ASKING: &[&str] = &["sampling/createMessage", "elicitation/create"];

/// A call's params as far as they decide.
struct CallRead {
    tool: String,
    token: Option<String>,
    meta: Option<Box<RawValue>>,
    is_new_era: bool,
}

/// Way of a message of the agent.
enum Way {
    Pass,
    Call {
        id: RpcId,
        raw_id: String,
        read: CallRead,
    },
    Cancelled {
        id: RpcId,
        reason: Option<String>,
    },
}

impl Gate {
    /// Takes a line of the agent.
    pub(in crate::exec::proxy) fn agent_said(&mut self, now: Duration, line: Vec<u8>) {
        match self.way(&line) {
            Way::Pass => {
                self.tell_message(now, Direction::ToServer, None, &line);
                self.to_server.line(line);
            }
            Way::Call { id, raw_id, read } => self.call_came(now, id, raw_id, read, line),
            Way::Cancelled { id, reason } => self.cancelled_by_agent(now, &id, reason, line),
        }
    }

    fn way(&mut self, line: &[u8]) -> Way {
        let Some(envelope) = Envelope::read(line) else {
            if !line.trim_ascii().is_empty() {
                self.session.unread += 1;
            }
            return Way::Pass;
        };
        match envelope.kind() {
            Kind::Request { id, method: CALL } => {
                match (self.read_call(&envelope), envelope.raw_id()) {
                    (Some(read), Some(raw_id)) if !self.by_rpc.contains_key(&id) => Way::Call {
                        id,
                        raw_id: raw_id.get().to_owned(),
                        read,
                    },
                    // Not a call, or of an id that is in use: the server decides.
                    _ => Way::Pass,
                }
            }
            Kind::Request { id, method } => {
                let learned = self.session.requested(id, method, &envelope);
                self.learned(learned);
                Way::Pass
            }
            Kind::Notification {
                method: "notifications/cancelled",
            } => {
                let params: Option<OtherParams<'_>> = envelope.params();
                let id = params.as_ref().and_then(|it| RpcId::read(it.request_id?));
                let reason = params.and_then(|it| it.reason);
                id.map_or(Way::Pass, |id| Way::Cancelled {
                    id,
                    reason: reason.map(std::borrow::Cow::into_owned),
                })
            }
            Kind::Answer { id } => {
                if self.server_requests.remove(&id) {
                    self.effects.push(GateEffect::Introduce);
                }
                Way::Pass
            }
            Kind::Notification { .. } | Kind::Other => Way::Pass,
        }
    }

    fn read_call(&mut self, envelope: &Envelope<'_>) -> Option<CallRead> {
        let params: CallParams<'_> = envelope.params()?;
        let meta: Meta<'_> = params.meta.and_then(read).unwrap_or_default();
        if self.session.introduced(&meta) || !self.session.is_in_use {
            self.session.is_in_use = true;
            self.effects.push(GateEffect::Introduce);
        }
        let short = params.meta.filter(|it| it.get().len() <= META_BYTES);
        Some(CallRead {
            tool: params.name.into_owned(),
            token: meta.progress_token.map(|it| it.get().to_owned()),
            meta: short.map(ToOwned::to_owned),
            is_new_era: meta.protocol.is_some(),
        })
    }

    pub(super) fn learned(&mut self, learned: Learned) {
        match learned {
            Learned::Nothing => {}
            Learned::Agent => self.effects.push(GateEffect::Introduce),
            Learned::Tools => {
                if let Some(tools) = self.session.tools() {
                    self.effects
                        .push(GateEffect::Tell(ShimFrame::Tools, Some(tools)));
                }
                self.effects.push(GateEffect::Introduce);
            }
        }
    }

    fn call_came(
        &mut self,
        now: Duration,
        rpc: RpcId,
        raw_id: String,
        read: CallRead,
        line: Vec<u8>,
    ) {
        let batch = self.batch.of_new_call(now, self.calls.is_empty());
        self.last_call += 1;
        let id = ShimCall(self.last_call);
        let is_shared = self.session.is_read_only(&read.tool) == Some(true);
        let call = OpenCall {
            call: id,
            rpc: rpc.clone(),
            raw_id,
            is_shared,
            is_unlocked: self.settings.parallel.contains(&read.tool),
            tool: read.tool,
            line,
            is_new_era: read.is_new_era,
            token: read.token,
            phase: Phase::Waiting(WaitsFor::Turn),
            sent_at: None,
            clock: self.clock_of_new_call(now),
            batch,
            admission: None,
            holds_answer: None,
            told_why: None,
        };
        self.tell(ShimFrame::Call(Box::new(self.introduced(&call, read.meta))));
        self.tell_message(now, Direction::ToServer, Some(id), &call.line);
        self.unsent.calls += 1;
        self.unsent.bytes += call.line.len();
        self.by_rpc.insert(rpc, id);
        if let Some(token) = &call.token {
            self.by_token.insert(token.clone(), id);
        }
        self.calls.insert(id, call);
        self.decide(now, id);
    }

    /// Describes a call.
    pub(super) fn introduced(&self, call: &OpenCall, meta: Option<Box<RawValue>>) -> CallCame {
        CallCame {
            call: call.call,
            t: time(call.clock.came),
            rpc: RawValue::from_string(call.raw_id.clone())
                .unwrap_or_else(|_| RawValue::NULL.to_owned()),
            method: CALL.to_owned(),
            tool: call.tool.clone(),
            ro: self.session.is_read_only(&call.tool),
            token: call.token.is_some(),
            limit_ms: call.clock.limit.map(|limit| limit.as_millis() as u64),
            extends: call.clock.is_extended && call.token.is_some(),
            batch: call.batch,
            meta,
        }
    }

    /// Sends a new call, or has it wait.
    fn decide(&mut self, now: Duration, id: ShimCall) {
        let ruler = self.ruler();
        let has_queue = self.timed.iter().any(|other| self.waits_for_turn(*other));
        if ruler == Ruler::Nobody && !has_queue {
            return self.send(now, id, None, None);
        }
        if ruler != Ruler::Nobody && self.is_asked_back() {
            if let Some(call) = self.calls.get_mut(&id) {
                call.is_unlocked = true;
            }
            let why = "its agent needs it to answer the server".to_owned();
            return self.send(now, id, Some(why), Some(By::Rule));
        }
        if self.unsent.calls > WAITING_CALLS || self.unsent.bytes > WAITING_BYTES {
            return self.refuse(now, id);
        }
        match ruler {
            Ruler::Nobody => self.wait(now, id, WaitsFor::Turn),
            Ruler::Controller => self.wait(now, id, WaitsFor::Go),
            Ruler::Own => self.queue(now, id),
        }
    }

    /// Whether a call at the server has asked its agent for something: calls that
    /// come now may be needed for that answer, and must not wait for that call.
    fn is_asked_back(&self) -> bool {
        !self.server_requests.is_empty() && self.at_server > 0
    }

    /// Notes a request of the server to its agent. Returns the call that it came
    /// in, where there is only one.
    pub(super) fn asked_by_server(&mut self, id: RpcId, method: &str) -> Option<ShimCall> {
        if ASKING.contains(&method) && self.server_requests.len() < MOST_SERVER_REQUESTS {
            self.server_requests.insert(id);
        }
        let mut at_server = self.calls.values().filter(|call| call.is_at_server());
        let first = at_server.next().filter(|_| self.at_server == 1)?;
        Some(first.call)
    }

    fn refuse(&mut self, now: Duration, id: ShimCall) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let text = format!(
            "too many calls wait: {} calls, {} MiB",
            self.unsent.calls - 1,
            self.unsent.bytes >> 20
        );
        let line = own_messages::error(&call.raw_id, own_messages::TOO_MANY, &text);
        let bytes = line.len() as u64;
        self.tell_own(now, Direction::ToAgent, id, &line);
        self.to_agent.line(line);
        self.end(
            now,
            id,
            Ended {
                is_error: true,
                bytes,
                reason: Some(text),
                by: Some(By::Rule),
                ..Ended::new(ProxiedOutcome::Failed)
            },
        );
    }

    fn cancelled_by_agent(
        &mut self,
        now: Duration,
        rpc: &RpcId,
        reason: Option<String>,
        line: Vec<u8>,
    ) {
        let id = self.by_rpc.get(rpc).copied();
        self.tell_message(now, Direction::ToServer, id, &line);
        let call = id.and_then(|id| self.calls.get_mut(&id));
        let Some(call) = call.filter(|call| !matches!(call.phase, Phase::Stopping(_))) else {
            return self.to_server.line(line);
        };
        let id = call.call;
        let waited = now.saturating_sub(call.clock.since);
        let is_limit = call
            .clock
            .limit
            .is_some_and(|limit| waited >= limit / 20 * 19);
        let says_so = |text: &String| {
            let text = text.to_ascii_lowercase();
            text.contains("timed out") || text.contains("timeout")
        };
        let has_given_up = is_limit || reason.as_ref().is_some_and(says_so);
        let outcome = if has_given_up {
            ProxiedOutcome::GivenUp
        } else {
            ProxiedOutcome::AgentCancelled
        };
        let ended = Ended {
            reason,
            by: Some(By::Agent),
            ..Ended::new(outcome)
        };
        if call.is_unsent() {
            // Nothing of it reaches the server, and no answer is due.
            self.note(id, "cancelled-before-sent", "");
            return self.end(now, id, ended);
        }
        self.to_server.line(line);
        if !call.is_at_server() {
            return self.end(now, id, ended);
        }
        call.phase = Phase::Stopping(Stopping {
            since: now,
            passes_answer: true,
            end: None,
        });
        self.at_server -= 1;
        self.timed.insert(id);
        self.tell_end(now, id, ended);
    }
}
