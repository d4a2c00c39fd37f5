//! What the scheduler orders, done.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::launcher::{AttemptId, Refused};
use super::run::{EngineLoop, Start};
use crate::exec::StopTokens;
use crate::model::{
    AttemptNo, AttemptRecord, AttemptSummary, CallId, CallState, EdgeKind, Ending, Epoch,
    EventKind, LaneId, LockSet, Outcome, StopCause, StopStep, ToolAction, WaitReason,
};
use crate::sched::{DecisionRecord, Effect, Input, Reason, StopSignal};

impl EngineLoop {
    /// Tells the scheduler something, and does what it orders until it orders
    /// nothing more.
    pub(super) fn step(&mut self, input: Input) {
        self.step_at(self.clock.now(), input);
    }

    /// The same for what happened at a time that was looked at before.
    pub(super) fn step_at(&mut self, now: Duration, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let taped = self.tape.is_wanted().then(|| input.clone());
            let effects = self.scheduler.step(now, input);
            if let Some(input) = taped {
                let effects = effects.clone();
                self.tape.add(DecisionRecord::Stepped {
                    now,
                    input,
                    effects,
                });
            }
            for effect in effects {
                inputs.extend(self.perform(&effect, now));
            }
        }
        let busy = self.scheduler.lanes().iter().flatten().count();
        self.lane_time.note(now, busy);
        self.cap_log.note_busy(busy, self.policy.control);
        self.refresh_waits_if_few(now);
        self.mark();
    }

    /// Does one thing; what is known at once goes back to the scheduler.
    fn perform(&mut self, effect: &Effect, now: Duration) -> Option<Input> {
        match *effect {
            Effect::ResolveLocks { id } => Some(Input::LocksResolved {
                id,
                locks: self.resolve_locks(id),
            }),
            Effect::Start {
                id,
                lane,
                epoch,
                attempt,
            } => self.start(id, lane, epoch, attempt, now),
            Effect::Stop { id, epoch, signal } => {
                self.stop(id, epoch, signal, now);
                None
            }
            Effect::Retry {
                id, after, outcome, ..
            } => {
                self.record_attempt_outcome(id, outcome);
                self.sync_state(id, now);
                self.refresh_wait(id, now, self.attempt_end(id, after, outcome));
                None
            }
            Effect::StepCap(step) => {
                self.cap_stepped(step, now);
                None
            }
            Effect::Finished {
                id,
                outcome,
                reason,
            } => {
                self.finish(id, outcome, reason, now);
                None
            }
        }
    }

    /// Done at once and not aside: calls behind this one would start before it
    /// while its locks are unknown.
    fn resolve_locks(&self, id: CallId) -> LockSet {
        let Some(call) = self.calls.get(id.index()) else {
            return LockSet::default();
        };
        match self.launcher.resolve(call, &self.names) {
            Ok(args) => self.launcher.locks(call, &args),
            // The start will be refused for the same reason, and needs no lock for that.
            Err(_) => call.locks.clone(),
        }
    }

    fn start(
        &mut self,
        id: CallId,
        lane: LaneId,
        epoch: Epoch,
        attempt: AttemptNo,
        now: Duration,
    ) -> Option<Input> {
        let start = Start {
            epoch,
            stop: StopTokens::default(),
            pid: None,
        };
        self.starts.insert(id, start);
        self.rows.set_wait(id, None, now);
        self.sync_state(id, now);
        if let Some(row) = self.rows.edit(id) {
            row.started.get_or_insert(now);
            row.remote = None;
            row.attempts.push(AttemptRecord {
                attempt,
                lane,
                started: now,
                stop_ordered: None,
                ended: None,
                ending: None,
                outcome: None,
            });
        }
        let call = self.calls.get(id.index())?;
        let needs_output = call.after.iter().any(|edge| edge.on == EdgeKind::Output);
        if needs_output {
            self.resolve_args_aside(id, epoch);
            return None;
        }
        let args = self.launcher.resolve(call, &self.names);
        self.launch(id, epoch, args, now)
    }

    /// Begins the attempt, or refuses it.
    pub(super) fn launch(
        &mut self,
        id: CallId,
        epoch: Epoch,
        args: Result<Arc<Value>, Refused>,
        now: Duration,
    ) -> Option<Input> {
        let stop = self
            .starts
            .get(&id)
            .filter(|s| s.epoch == epoch)?
            .stop
            .clone();
        let call = self.calls.get(id.index())?;
        let attempt = self.rows.get(id)?.attempts.last()?.attempt;
        let attempt_id = AttemptId {
            call: id,
            attempt,
            epoch,
        };
        let begun = args.and_then(|args| {
            self.launcher.start(attempt_id, call, &args, stop)?;
            Ok(args)
        });
        match begun {
            Ok(args) => {
                self.look_for_overlaps(id);
                if let Some(row) = self.rows.edit(id) {
                    row.args = args;
                    row.are_args_resolved = true;
                }
                None
            }
            Err(Refused(reason)) => self.end_attempt(id, epoch, Ending::refused(reason), now),
        }
    }

    /// Notes with whom a call on a server overlaps that should not.
    fn look_for_overlaps(&mut self, id: CallId) {
        let call = self.calls.get(id.index());
        let tool = call.and_then(|call| self.launcher.catalogue.get(&call.tool));
        let Some(ToolAction::Mcp { server, access, .. }) = tool.map(|tool| &tool.action) else {
            return;
        };
        let others = self.hazards.began(id, server, *access);
        for (one, other) in others.iter().flat_map(|it| [(id, *it), (*it, id)]) {
            if let Some(row) = self.rows.edit(one) {
                row.overlapped.get_or_insert(other);
            }
        }
    }

    fn stop(&mut self, id: CallId, epoch: Epoch, signal: StopSignal, now: Duration) {
        let Some(start) = self.starts.get(&id).filter(|start| start.epoch == epoch) else {
            return;
        };
        if let Some(CallState::Stopping { cause, .. }) = self.scheduler.state(id) {
            start.stop.name_cause(cause);
        }
        match signal {
            StopSignal::Soft => start.stop.soft.cancel(),
            StopSignal::Hard => start.stop.hard.cancel(),
        }
        self.sync_state(id, now);
        let Some(row) = self.rows.edit(id) else {
            return;
        };
        if let Some(attempt) = row.attempts.last_mut() {
            attempt.stop_ordered.get_or_insert(now);
        }
        if let CallState::Stopping { step, cause, .. } = row.state {
            self.journal_stop(id, cause, step, now);
        }
    }

    fn journal_stop(&mut self, call: CallId, cause: StopCause, step: StopStep, now: Duration) {
        let what = EventKind::CallStopping { call, cause, step };
        self.record(now, what);
    }

    fn record_attempt_outcome(&mut self, id: CallId, outcome: Outcome) {
        if let Some(row) = self.rows.edit(id)
            && let Some(attempt) = row.attempts.last_mut()
        {
            attempt.outcome.get_or_insert(outcome);
        }
    }

    fn finish(&mut self, id: CallId, outcome: Outcome, reason: Reason, now: Duration) {
        self.rows.set_wait(id, None, now);
        self.record_attempt_outcome(id, outcome);
        self.sync_state(id, now);
        let text = self.with_remarks(id, self.reason_text(id, reason));
        let Some(row) = self.rows.edit(id) else {
            return;
        };
        row.reason.clone_from(&text);
        let took = row.started.map(|started| now.saturating_sub(started));
        let last = row.attempts.last().map(|attempt| attempt.attempt);
        let attempt = last.and_then(|last| self.attempt_end(id, last, outcome));
        let what = EventKind::CallEnded {
            call: id,
            outcome,
            reason: text,
            attempt,
            took,
        };
        self.record(now, what);
    }

    /// A reason with what else is to be known of how the call ended.
    fn with_remarks(&self, id: CallId, reason: Option<Arc<str>>) -> Option<Arc<str>> {
        let Some(row) = self.rows.get(id) else {
            return reason;
        };
        let cancel = row.remote.and_then(|remote| remote.cancel);
        let cancel = cancel.map(|truth| truth.word().to_owned());
        let cancel = cancel.filter(|word| reason.as_deref() != Some(word));
        let other = row.overlapped.and_then(|other| self.rows.get(other));
        let overlap = other.map(|other| format!("overlapped {}: your order", other.name));
        if cancel.is_none() && overlap.is_none() {
            return reason;
        }
        let reason = reason.map(|reason| reason.to_string());
        let parts: Vec<String> = [reason, cancel, overlap].into_iter().flatten().collect();
        Some(parts.join("; ").into())
    }

    /// Why a call ended, in words that name calls as the plan does.
    fn reason_text(&self, id: CallId, reason: Reason) -> Option<Arc<str>> {
        match reason {
            Reason::Ending => {
                let ending = self.rows.get(id)?.attempts.last()?.ending.as_ref()?;
                ending.reason.as_deref().map(Arc::from)
            }
            Reason::Culprit { call } => {
                let culprit = self.rows.get(call)?;
                let word = culprit.state.word();
                Some(format!("{} {word}", culprit.name).into())
            }
            other => Some(other.to_string().into()),
        }
    }

    fn attempt_end(
        &self,
        id: CallId,
        attempt: AttemptNo,
        outcome: Outcome,
    ) -> Option<AttemptSummary> {
        let row = self.rows.get(id)?;
        let record = row.attempts.iter().find(|a| a.attempt == attempt)?;
        let ending = record.ending.as_ref()?;
        Some(AttemptSummary {
            attempt,
            outcome,
            reason: ending.reason.as_deref().map(Arc::from),
            exit_code: ending.exit_code,
            signal: ending.signal,
        })
    }

    /// Takes over where the scheduler says a call stands.
    pub(super) fn sync_state(&mut self, id: CallId, now: Duration) {
        if let Some(state) = self.scheduler.state(id) {
            self.rows.set_state(id, state, now);
        }
    }

    /// Asks again why a call waits, and tells it where the reason is another
    /// one or an attempt has just ended.
    pub(super) fn refresh_wait(
        &mut self,
        id: CallId,
        now: Duration,
        ended: Option<AttemptSummary>,
    ) {
        let reason = self.scheduler.why_waiting(id);
        let before = self.rows.get(id).and_then(|row| row.wait.clone());
        if !self.rows.set_wait(id, reason.clone(), now) {
            return;
        }
        let Some(reason) = reason else { return };
        if ended.is_some() || !before.is_some_and(|before| is_same_reason(&before, &reason)) {
            let what = EventKind::CallWaiting {
                call: id,
                reason,
                ended,
            };
            self.record(now, what);
        }
    }
}

/// Whether two reasons differ in their figures only.
fn is_same_reason(before: &WaitReason, now: &WaitReason) -> bool {
    match (before, now) {
        (WaitReason::After { call: a }, WaitReason::After { call: b })
        | (WaitReason::Reserved { call: a }, WaitReason::Reserved { call: b }) => a == b,
        (WaitReason::Lock { key: a, holder: x }, WaitReason::Lock { key: b, holder: y }) => {
            a == b && x == y
        }
        (WaitReason::Retry { at: a }, WaitReason::Retry { at: b }) => a == b,
        _ => std::mem::discriminant(before) == std::mem::discriminant(now),
    }
}
