//! The way of a message from the server: it passes, or is held, or goes
//! nowhere.

use std::time::Duration;

use serde_json::value::RawValue;

use super::call::{OpenCall, Phase, StopEnd};
use super::ending::Ended;
use super::{Gate, GateEffect, own_messages, time};
use crate::exec::proxy::envelope::{Envelope, Kind, OtherParams, ResultParts, RpcId};
use crate::exec::proxy::frames::{By, Direction, LateAnswer, ProxiedOutcome, ShimCall, ShimFrame};

/// Way of a message of the server.
enum Way {
    /// It passes; it belongs to this call.
    Pass(Option<ShimCall>),
    /// It passes; the server asks the agent something in this call.
    Asking(ShimCall),
    /// It passes; it tells how far this call is.
    Progress(ShimCall, String),
    Answer {
        call: ShimCall,
        is_error: bool,
    },
}

/// An answer of the server on its way to the agent.
struct ServerAnswer {
    line: Vec<u8>,
    /// Whether it says that the tool failed.
    is_error: bool,
    /// Time from the sending of the call.
    took: Duration,
}

impl Gate {
    /// Takes a line of the server.
    pub(in crate::exec::proxy) fn server_said(&mut self, now: Duration, line: Vec<u8>) {
        match self.way_back(&line) {
            Way::Pass(call) => {
                self.tell_message(now, Direction::ToAgent, call, &line);
                self.to_agent.line(line);
            }
            Way::Asking(call) => {
                self.tell_message(now, Direction::ToAgent, Some(call), &line);
                self.tell_asking(now, call);
                self.to_agent.line(line);
            }
            Way::Progress(call, how_far) => {
                self.tell_message(now, Direction::ToAgent, Some(call), &line);
                self.tell_state(now, call, Some(how_far), None);
                self.to_agent.line(line);
            }
            Way::Answer { call, is_error } => {
                self.tell_message(now, Direction::ToAgent, Some(call), &line);
                self.answered(now, call, is_error, line);
            }
        }
    }

    fn way_back(&mut self, line: &[u8]) -> Way {
        let Some(envelope) = Envelope::read(line) else {
            let text = line.trim_ascii();
            if !text.is_empty() {
                // A list of messages is JSON, and passes unread.
                let is_list = text.starts_with(b"[");
                let count = if is_list {
                    &mut self.session.unread
                } else {
                    &mut self.session.not_json
                };
                *count += 1;
                self.effects.push(GateEffect::Introduce);
            }
            return Way::Pass(None);
        };
        match envelope.kind() {
            Kind::Answer { id } => self.way_of_answer(&id, &envelope),
            Kind::Request { id, method } => match self.asked_by_server(id, method) {
                Some(call) if method != "ping" => Way::Asking(call),
                _ => Way::Pass(None),
            },
            Kind::Notification {
                method: "notifications/progress",
            } => self.way_of_progress(&envelope),
            Kind::Notification {
                method: "notifications/tools/list_changed",
            } => {
                self.session.list_changed();
                Way::Pass(None)
            }
            Kind::Notification { .. } | Kind::Other => Way::Pass(None),
        }
    }

    fn way_of_answer(&mut self, id: &RpcId, envelope: &Envelope<'_>) -> Way {
        let Some(call) = self.by_rpc.get(id).copied() else {
            let learned = self.session.answered(id, envelope);
            self.learned(learned);
            return Way::Pass(None);
        };
        let parts: Option<ResultParts<'_>> = envelope.result();
        Way::Answer {
            call,
            is_error: envelope.error.is_some() || parts.is_some_and(|parts| parts.is_error),
        }
    }

    fn way_of_progress(&self, envelope: &Envelope<'_>) -> Way {
        let Some(params) = envelope.params::<OtherParams<'_>>() else {
            return Way::Pass(None);
        };
        let token = params.progress_token.map(RawValue::get);
        let Some(call) = token.and_then(|token| self.by_token.get(token)).copied() else {
            return Way::Pass(None);
        };
        let is_sent = self.calls.get(&call).is_some_and(OpenCall::is_at_server);
        let Some(progress) = params.progress.filter(|_| is_sent) else {
            return Way::Pass(Some(call));
        };
        let mut how_far = progress.get().to_owned();
        if let Some(total) = params.total {
            how_far.push('/');
            how_far.push_str(total.get());
        }
        if let Some(message) = params.message {
            how_far.push(' ');
            how_far.extend(message.chars().take(200));
        }
        Way::Progress(call, how_far)
    }

    fn answered(&mut self, now: Duration, id: ShimCall, is_error: bool, line: Vec<u8>) {
        let Some(call) = self.calls.get_mut(&id) else {
            return self.to_agent.line(line);
        };
        let took = call.sent_at.map(|sent| now.saturating_sub(sent));
        match &call.phase {
            // An answer to what was never asked passes, as it would without us.
            Phase::Waiting(_) | Phase::Held { .. } | Phase::AnswerHeld { .. } => {
                self.to_agent.line(line);
            }
            Phase::Sent => {
                let took = took.unwrap_or_default();
                let name = call.tool.clone();
                let held = call.holds_answer.take();
                self.learn_time(&name, took);
                let answer = ServerAnswer {
                    line,
                    is_error,
                    took,
                };
                match held {
                    Some(why) => self.hold_answer(now, id, answer, why),
                    None => self.pass_answer(now, id, answer, None),
                }
            }
            Phase::Stopping(stopping) => {
                if stopping.passes_answer {
                    self.to_agent.line(line.clone());
                }
                self.tell(ShimFrame::Late(LateAnswer {
                    call: id,
                    t: time(now),
                    bytes: line.len() as u64,
                    is_error,
                }));
                let what = if is_error {
                    "the server stopped it, or had failed"
                } else {
                    "it ended all the same; its answer was dropped"
                };
                self.stopped(now, id, what);
            }
        }
    }

    fn pass_answer(&mut self, now: Duration, id: ShimCall, answer: ServerAnswer, by: Option<By>) {
        let outcome = if answer.is_error {
            ProxiedOutcome::Failed
        } else {
            ProxiedOutcome::Succeeded
        };
        let ended = Ended {
            is_error: answer.is_error,
            bytes: answer.line.len() as u64,
            server: Some(answer.took),
            by,
            ..Ended::new(outcome)
        };
        self.to_agent.line(answer.line);
        self.end(now, id, ended);
    }

    fn hold_answer(&mut self, now: Duration, id: ShimCall, answer: ServerAnswer, why: String) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::AnswerHeld {
                answer: answer.line,
                took: answer.took,
            };
            self.at_server -= 1;
        }
        // The server is done: what the call kept from others is free.
        self.leave_queue(now, id);
        self.effects.push(GateEffect::Unlock(id));
        self.timed.insert(id);
        self.set_let_go(id);
        self.tell_state(now, id, Some(why), Some(By::User));
        self.take_turns(now);
    }

    /// Hands a held answer to the agent.
    pub(super) fn deliver(&mut self, now: Duration, id: ShimCall, by: Option<By>) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::AnswerHeld { answer, took } = &mut call.phase else {
            return;
        };
        let (line, took) = (std::mem::take(answer), *took);
        let answer = ServerAnswer {
            is_error: is_error(&line),
            line,
            took,
        };
        self.pass_answer(now, id, answer, by);
    }

    /// Ends a call that the server was told to stop; `what` became of it there.
    pub(super) fn stopped(&mut self, now: Duration, id: ShimCall, what: &str) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::Stopping(stopping) = &mut call.phase else {
            return;
        };
        let ended = match stopping.end.take() {
            // Told when the agent cancelled it.
            None => return self.forget(now, id),
            Some(StopEnd::Cancelled) => Ended {
                is_error: true,
                ..Ended::new(ProxiedOutcome::Cancelled)
            },
            Some(StopEnd::Answered { is_error, bytes }) => Ended {
                is_error,
                bytes,
                ..Ended::new(ProxiedOutcome::Answered)
            },
        };
        self.end(
            now,
            id,
            Ended {
                reason: Some(what.to_owned()),
                by: Some(By::User),
                ..ended
            },
        );
    }

    /// Ends every call: the server is dead.
    pub(in crate::exec::proxy) fn server_ended(&mut self, now: Duration) {
        let open: Vec<ShimCall> = self.calls.keys().copied().collect();
        for id in open {
            let call = self.calls.get(&id);
            match call.map(|call| &call.phase) {
                Some(Phase::AnswerHeld { .. }) => self.deliver(now, id, None),
                Some(Phase::Stopping(_)) => self.stopped(now, id, "the server ended"),
                Some(Phase::Waiting(_) | Phase::Held { .. } | Phase::Sent) => {
                    let outcome = if self.is_agent_gone {
                        ProxiedOutcome::AgentLeft
                    } else {
                        ProxiedOutcome::ServerDied
                    };
                    self.end(now, id, Ended::new(outcome));
                }
                None => {}
            }
        }
    }

    /// Ends what is not sent any more: the agent is gone, or has said its last
    /// word. One that still reads gets an answer to each of these calls.
    pub(in crate::exec::proxy) fn agent_left(&mut self, now: Duration, reads: bool) {
        self.is_agent_gone = true;
        let open: Vec<ShimCall> = self.calls.keys().copied().collect();
        for id in open {
            let Some(call) = self.calls.get(&id) else {
                continue;
            };
            match &call.phase {
                Phase::AnswerHeld { .. } if reads => self.deliver(now, id, Some(By::Agent)),
                Phase::AnswerHeld { .. } => self.end_left(now, id),
                _ if call.is_unsent() => {
                    if reads {
                        let text = "its agent ended before the server got the call";
                        let result = own_messages::error_result(text, call.is_new_era, "agent");
                        let line = own_messages::answer(&call.raw_id, &result);
                        self.tell_own(now, Direction::ToAgent, id, &line);
                        self.to_agent.line(line);
                    }
                    self.end_left(now, id);
                }
                _ => {}
            }
        }
    }

    fn end_left(&mut self, now: Duration, id: ShimCall) {
        let ended = Ended {
            by: Some(By::Agent),
            ..Ended::new(ProxiedOutcome::AgentLeft)
        };
        self.end(now, id, ended);
    }
}

/// Whether an answer is an error.
fn is_error(line: &[u8]) -> bool {
    Envelope::read(line).is_some_and(|envelope| {
        let parts: Option<ResultParts<'_>> = envelope.result();
        envelope.error.is_some() || parts.is_some_and(|parts| parts.is_error)
    })
}
