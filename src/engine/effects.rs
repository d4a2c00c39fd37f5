//! The effects that the scheduler orders, carried out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::launcher::{Prepared, StartError};
use super::preparation::failed;
use super::run::EngineLoop;
use crate::model::{
    AskedTime, AttemptId, AttemptNo, AttemptRecord, AttemptSummary, CallId, CallState, Ending,
    Epoch, EventKind, LaneId, Outcome, StopCause, StopStep, ToolAction, WaitReason,
};
use crate::sched::{DecisionRecord, Effect, Input, Reason, StopSignal};

/// Ended calls of which it is kept how they were started.
const LAUNCHES_KEPT: usize = 256;

impl EngineLoop {
    /// Gives the scheduler an input, carries out its effects, and goes on with
    /// the inputs that these lead to at once.
    pub(super) fn step(&mut self, now: Duration, input: Input) {
        let mut inputs = VecDeque::from([input]);
        let mut is_admission_held = false;
        loop {
            while let Some(input) = inputs.pop_front() {
                let is_answer = matches!(input, Input::LocksResolved { .. });
                is_admission_held = is_answer && !self.resolving.is_empty();
                for effect in self.step_once(now, input) {
                    is_admission_held |= matches!(effect, Effect::ResolveLocks { .. });
                    inputs.extend(self.perform(&effect, now));
                }
            }
            self.end_stopped_preparations(&mut inputs, now);
            // Locks that are resolved aside hold back the starts of one step
            // only: other calls may overtake.
            if inputs.is_empty() && is_admission_held && !self.resolving.is_empty() {
                inputs.push_back(Input::Ticked);
            }
            if inputs.is_empty() {
                break;
            }
        }
        let busy = self.scheduler.lanes().iter().flatten().count();
        self.lane_time.note(now, busy);
        self.cap_log.note_busy(busy, self.policy.control);
        self.refresh_waits_if_few(now);
        self.mark();
    }

    fn step_once(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        let recorded = self.recorder.wants_decisions().then(|| input.clone());
        let effects = self.scheduler.step(now, input);
        if let Some(input) = recorded {
            self.recorder.decision(DecisionRecord::Stepped {
                now,
                input,
                effects: effects.clone(),
            });
        }
        effects
    }

    /// Carries out one effect. Returns the input that it leads to at once.
    fn perform(&mut self, effect: &Effect, now: Duration) -> Option<Input> {
        match effect.clone() {
            Effect::ResolveLocks { id } => self.resolve_locks(id),
            Effect::Start {
                id,
                lane,
                epoch,
                attempt,
            } => {
                let attempt = AttemptId {
                    call: id,
                    number: attempt,
                    epoch,
                };
                self.start(attempt, lane, now)
            }
            Effect::Stop { id, epoch, signal } => self.stop(id, epoch, signal, now),
            Effect::Retry {
                id, after, outcome, ..
            } => {
                self.record_attempt_outcome(id, outcome);
                self.sync_state(id, now);
                self.refresh_wait(id, now, self.attempt_summary(id, after, outcome));
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
                if self.agents.is_open(id) {
                    return self.pass_on(id);
                }
                self.finish(id, outcome, reason, now);
                None
            }
        }
    }

    /// Resolves the locks of a call: at once where that is quick, so that calls
    /// behind it do not overtake it, else aside.
    fn resolve_locks(&mut self, id: CallId) -> Option<Input> {
        let call = Arc::clone(&self.rows.get(id)?.call);
        if self.launcher.is_quick_to_resolve(&call) && !self.launcher.locks_files(&call.tool) {
            let locks = self.launcher.locks(&call, &self.referents(&call));
            return Some(Input::LocksResolved { id, locks });
        }
        self.resolving.insert(id);
        self.resolve_locks_aside(call);
        None
    }

    fn start(&mut self, attempt: AttemptId, lane: LaneId, now: Duration) -> Option<Input> {
        let id = attempt.call;
        if self.agents.is_open(id) {
            self.start_proxied(id, lane, now);
            return None;
        }
        self.inflight.add(id, attempt.epoch);
        self.rows.set_wait(id, None, now);
        self.sync_state(id, now);
        let row = self.rows.edit(id)?;
        row.remote = None;
        // Most calls have one attempt.
        row.attempts.reserve_exact(1);
        row.attempts.push(AttemptRecord {
            attempt: attempt.number,
            lane,
            lane_taken: now,
            started: now,
            asked: AskedTime::default(),
            stop_ordered: None,
            ended: None,
            argv: None,
            ending: None,
            outcome: None,
        });
        let call = Arc::clone(&row.call);
        if self.launcher.is_quick(&call) {
            let prepared = self
                .launcher
                .prepare(attempt, &call, &self.referents(&call));
            return self.launch(attempt, prepared, now);
        }
        let times_out = call.timeouts.run.map(|limit| now + limit);
        self.inflight.prepare(id, attempt.epoch, times_out);
        self.prepare_aside(attempt, call);
        None
    }

    /// Begins an attempt whose start is prepared, or ends it as refused.
    pub(super) fn launch(
        &mut self,
        attempt: AttemptId,
        prepared: Result<Prepared, StartError>,
        now: Duration,
    ) -> Option<Input> {
        let AttemptId {
            call: id, epoch, ..
        } = attempt;
        let stop = self.inflight.get(id, epoch)?.stop.clone();
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                let ending = Ending::refused(error.to_string());
                return self.end_attempt(id, epoch, ending, now);
            }
        };
        self.look_for_overlaps(id);
        if let Some(row) = self.rows.edit(id) {
            row.args = Arc::clone(&prepared.args);
            row.are_args_resolved = true;
            row.started.get_or_insert(now);
            row.printed = None;
            row.launch = prepared.launch().map(Arc::new);
            if let Some(record) = row.attempts.last_mut() {
                record.started = now;
                record.argv = prepared.argv();
            }
        }
        self.inflight.launch(id, epoch);
        self.load_started(id, now);
        self.launcher.launch(attempt, prepared, stop);
        None
    }

    /// When the next start that is prepared aside times out.
    pub(super) fn end_overdue_preparations(&mut self, now: Duration) {
        let overdue: Vec<_> = self
            .inflight
            .preparing()
            .filter(|(.., times_out)| times_out.is_some_and(|at| at <= now))
            .map(|(call, epoch, _)| (call, epoch))
            .collect();
        for (call, epoch) in overdue {
            let limit = self.rows.get(call).and_then(|row| row.call.timeouts.run);
            let reason = Reason::RunTimeout {
                limit: limit.unwrap_or_default(),
            };
            let ending = Ending {
                reason: Some(format!("{reason}: its arguments were still being prepared")),
                ..Ending::plain(Outcome::TimedOut)
            };
            if let Some(input) = self.end_attempt(call, epoch, ending, now) {
                self.step(now, input);
            }
        }
    }

    /// Ends the starts that are prepared aside and were told to stop: nothing
    /// of them runs.
    fn end_stopped_preparations(&mut self, inputs: &mut VecDeque<Input>, now: Duration) {
        let stopped: Vec<_> = self
            .inflight
            .preparing()
            .map(|(call, epoch, _)| (call, epoch))
            .filter(|(call, _)| {
                let state = self.scheduler.state(*call);
                matches!(state, Some(CallState::Stopping { .. }))
            })
            .collect();
        for (call, epoch) in stopped {
            let ending = Ending {
                reason: Some("stopped before it was launched".to_owned()),
                ..Ending::plain(Outcome::Failed)
            };
            inputs.extend(self.end_attempt(call, epoch, ending, now));
        }
    }

    /// Notes with whom a call on a server overlaps that should not.
    fn look_for_overlaps(&mut self, id: CallId) {
        let row = self.rows.get(id);
        let tool = row.and_then(|row| self.launcher.catalogue.get(&row.call.tool));
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

    /// Passes a stop on. An attempt that ended and whose output is looked at
    /// ends at once, as there is nothing left to stop.
    fn stop(
        &mut self,
        id: CallId,
        epoch: Epoch,
        signal: StopSignal,
        now: Duration,
    ) -> Option<Input> {
        let attempt = self.inflight.get(id, epoch)?;
        if let Some(CallState::Stopping { cause, .. }) = self.scheduler.state(id) {
            attempt.stop.name_cause(cause);
        }
        match signal {
            StopSignal::Soft => attempt.stop.soft.cancel(),
            StopSignal::Hard => attempt.stop.hard.cancel(),
        }
        let checked = self.inflight.checked(id, epoch).cloned();
        self.sync_state(id, now);
        let row = self.rows.edit(id)?;
        if let Some(attempt) = row.attempts.last_mut() {
            attempt.stop_ordered.get_or_insert(now);
        }
        if let CallState::Stopping { step, cause, .. } = row.state {
            self.journal_stop(id, cause, step, now);
        }
        let reason = "stopped while its output was being checked".to_owned();
        self.end_attempt(id, epoch, failed(checked?, reason), now)
    }

    fn journal_stop(&mut self, call: CallId, cause: StopCause, step: StopStep, now: Duration) {
        self.record(now, EventKind::CallStopping { call, cause, step });
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
        let has_launch = row.launch.is_some();
        let last = row.attempts.last();
        if let Some(took) = last.and_then(|last| Some(last.run_time(last.ended?))) {
            self.cap_log.note_ended(now, took);
        }
        if has_launch {
            self.keep_launch(id);
        }
        let Some(row) = self.rows.get(id) else {
            return;
        };
        let asked = row.waited.under(WaitReason::ANSWER);
        let took = row
            .started
            .map(|it| now.saturating_sub(it).saturating_sub(asked));
        let last = row.attempts.last().map(|attempt| attempt.attempt);
        let attempt = last.and_then(|last| self.attempt_summary(id, last, outcome));
        let what = EventKind::CallEnded {
            call: id,
            outcome,
            reason: text,
            attempt,
            took,
        };
        self.record(now, what);
        self.load_ended(id);
    }

    /// Keeps how an ended call was started, and forgets it of the oldest.
    fn keep_launch(&mut self, id: CallId) {
        self.kept_launches.push_back(id);
        if self.kept_launches.len() > LAUNCHES_KEPT
            && let Some(oldest) = self.kept_launches.pop_front()
            && let Some(row) = self.rows.edit(oldest)
            && row.state.is_ended()
        {
            row.launch = None;
        }
    }

    /// A reason with what else is to be known of how the call ended.
    fn with_remarks(&self, id: CallId, reason: Option<Arc<str>>) -> Option<Arc<str>> {
        let Some(row) = self.rows.get(id) else {
            return reason;
        };
        let cancel = row.remote.and_then(|remote| remote.cancel);
        let cancel = cancel.map(|truth| truth.word().to_owned());
        let cancel = cancel.filter(|word| reason.as_deref() != Some(word));
        let ending = row.attempts.last().and_then(|last| last.ending.as_ref());
        let heard = ending.and_then(|ending| ending.heard.clone());
        let other = row.overlapped.and_then(|other| self.rows.get(other));
        let overlap = other.map(|other| format!("overlapped {}: your order", other.name));
        let remarks = [heard, cancel, overlap];
        if remarks.iter().all(Option::is_none) {
            return reason;
        }
        let reason = reason.map(|reason| reason.to_string());
        let parts: Vec<String> = reason
            .into_iter()
            .chain(remarks.into_iter().flatten())
            .collect();
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

    fn attempt_summary(
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
