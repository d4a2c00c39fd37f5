//! How calls of agents end.

use std::sync::Arc;
use std::time::Duration;

use super::watch::EndedCall;
use crate::engine::aside::{Completion, Weight};
use crate::engine::run::EngineLoop;
use crate::exec::proxy::attach::{AnswerLine, CallResult};
use crate::exec::proxy::frames::{By, ProxiedOutcome};
use crate::model::{
    AttemptNo, AttemptSummary, CallId, CallState, CancelStatus, EndedBy, Ending, EventKind,
    Outcome, ProxiedStage, ProxyId,
};

impl EngineLoop {
    /// Takes the end of a call. What it held is free at once; its row ends once
    /// its answer is written to its output.
    pub(super) fn call_ended(&mut self, proxy: ProxyId, result: CallResult) {
        let Some(id) = self.known_call(proxy, result.call) else {
            return;
        };
        let Some(open) = self.agents.open.get_mut(&id) else {
            return;
        };
        if std::mem::replace(&mut open.is_ending, true) {
            return;
        }
        self.withdraw(id);
        for tally in self.agents.tallies.values_mut() {
            tally.open.remove(&id);
        }
        let by = result.by.and_then(ended_by);
        self.edit_proxied(id, |proxied| proxied.by = by);
        let outcome = outcome(result.outcome);
        let ending = Ending {
            reason: result.reason.as_deref().map(str::to_owned),
            ..Ending::plain(outcome)
        };
        match result.answer {
            Some(answer) => self.write_answer_aside(id, answer, ending),
            None => self.end_proxied(id, ending),
        }
    }

    fn write_answer_aside(&mut self, id: CallId, answer: AnswerLine, ending: Ending) {
        let sink = self.launcher.outputs.store().sink(id, AttemptNo(1));
        let otherwise = ending.clone();
        self.aside.spawn(
            Weight::Light,
            move || {
                let ending = if answer.is_whole() {
                    joined(crate::exec::write_answer(&answer.bytes, &sink), ending)
                } else {
                    let text = format!("[{} bytes, of which these are kept]\n", answer.full);
                    sink.write(crate::output::Stream::Stdout, text.as_bytes());
                    sink.write(crate::output::Stream::Stdout, &answer.bytes);
                    ending
                };
                sink.finish();
                Completion::AnswerWritten { call: id, ending }
            },
            move || Completion::AnswerWritten {
                call: id,
                ending: otherwise,
            },
        );
    }

    /// Ends the row of a call whose proxy is gone.
    pub(super) fn end_lost(&mut self, id: CallId, why: &str) {
        self.withdraw(id);
        let outcome = match why {
            "agent left" => Outcome::AgentLeft,
            why if why.starts_with("server ended") => Outcome::ServerDied,
            _ => Outcome::Lost,
        };
        let ending = Ending {
            reason: Some(why.to_owned()),
            ..Ending::plain(outcome)
        };
        self.end_proxied(id, ending);
    }

    /// Ends the row of a call, once and for all.
    pub(in crate::engine) fn end_proxied(&mut self, id: CallId, ending: Ending) {
        self.withdraw(id);
        let Some(open) = self.agents.open.remove(&id) else {
            return;
        };
        self.agents.lanes.remove(&id);
        let now = self.clock.now();
        self.update_output(id);
        let store = self.launcher.outputs.store();
        self.recorder.last_output(store, id, now);
        let outcome = ending.outcome;
        self.rows.set_wait(id, None, now);
        self.rows.set_state(id, CallState::Ended(outcome), now);
        let reason: Option<Arc<str>> = ending.reason.as_deref().map(Arc::from);
        if let Some(row) = self.rows.edit(id) {
            row.reason.clone_from(&reason);
            if let Some(status) = &mut row.remote
                && status.cancel == Some(CancelStatus::Sent)
            {
                let heard = outcome != Outcome::Cancelled || reason.is_none();
                let status_now = if heard {
                    CancelStatus::Confirmed
                } else {
                    CancelStatus::Unknown
                };
                status.cancel = Some(status_now);
            }
            if let Some(attempt) = row.attempts.last_mut() {
                attempt.ended = Some(now);
                attempt.outcome = Some(outcome);
                attempt.ending = Some(ending);
            }
        }
        self.edit_proxied(id, |proxied| {
            proxied.stage = ProxiedStage::Ended;
            proxied.held = None;
            proxied.holds_answer = false;
            proxied.patience.let_go_at = None;
        });
        self.record_end(id, outcome, reason, now);
        self.count_ended(id, open.proxy);
        self.keep_arguments(id);
        self.agents.ended.push_back(EndedCall {
            id,
            proxy: open.proxy,
            call: open.call,
        });
        self.mark();
    }

    fn record_end(
        &mut self,
        id: CallId,
        outcome: Outcome,
        reason: Option<Arc<str>>,
        now: Duration,
    ) {
        let Some(row) = self.rows.get(id) else { return };
        let attempt = row.attempts.last().map(|attempt| AttemptSummary {
            attempt: attempt.attempt,
            outcome,
            reason: reason.clone(),
            exit_code: None,
            signal: None,
        });
        let took = row.started.map(|started| now.saturating_sub(started));
        let what = EventKind::CallEnded {
            call: id,
            outcome,
            reason,
            attempt,
            took,
        };
        self.record(now, what);
    }

    fn count_ended(&mut self, id: CallId, proxy: ProxyId) {
        if let Some(server) = self.agents.server_mut(proxy) {
            server.open_calls = server.open_calls.saturating_sub(1);
            let mark = server.agent.clone();
            if let Some(tally) = self.agents.tallies.get_mut(&mark) {
                tally.open.remove(&id);
            }
        }
        self.count_held(proxy);
    }

    /// Lets go of everything: the run ends, and agents go on without it.
    pub(in crate::engine) fn leave_agents(&mut self) {
        if let Some(attachments) = self.agents.attachments.take() {
            attachments.close();
        }
        let open: Vec<CallId> = self.agents.open.keys().copied().collect();
        for id in open {
            let ending = Ending {
                reason: Some("the dashboard was left; its agent goes on".to_owned()),
                ..Ending::plain(Outcome::Lost)
            };
            self.end_proxied(id, ending);
        }
    }
}

/// The ending of a call: what its proxy says of it, with the words of its
/// answer where that is the reason.
fn joined(by_answer: Ending, by_proxy: Ending) -> Ending {
    match by_proxy.outcome {
        Outcome::Succeeded | Outcome::Failed => Ending {
            outcome: by_answer.outcome,
            reason: by_answer.reason.or(by_proxy.reason),
            ..by_proxy
        },
        _ => by_proxy,
    }
}

fn outcome(told: ProxiedOutcome) -> Outcome {
    match told {
        ProxiedOutcome::Succeeded => Outcome::Succeeded,
        ProxiedOutcome::Failed => Outcome::Failed,
        ProxiedOutcome::Answered => Outcome::Answered,
        ProxiedOutcome::Cancelled => Outcome::Cancelled,
        ProxiedOutcome::AgentCancelled => Outcome::AgentCancelled,
        ProxiedOutcome::AgentLeft => Outcome::AgentLeft,
        ProxiedOutcome::GivenUp => Outcome::GivenUp,
        ProxiedOutcome::ServerDied => Outcome::ServerDied,
    }
}

fn ended_by(by: By) -> Option<EndedBy> {
    match by {
        By::User => Some(EndedBy::User),
        By::Rule => Some(EndedBy::Rule),
        By::Agent => Some(EndedBy::Agent),
        By::Clock => None,
    }
}
