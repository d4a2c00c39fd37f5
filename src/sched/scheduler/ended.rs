//! How attempts and calls end, and what that means for the others.

use std::time::Duration;

use super::Scheduler;
use crate::model::{CallId, EdgeKind, Epoch, FailurePolicy, LockSet, Outcome, StopCause};
use crate::sched::auto::{FarCall, FarEnd, StallSpan};
use crate::sched::backoff::full_jitter;
use crate::sched::call_record::CallStage;
use crate::sched::effect::{Effect, Reason};
use crate::sched::input::AttemptResult;
use crate::sched::lanes::{ActiveAttempt, OrderedStop};
use crate::sched::moment::Moment;
use crate::sched::timer::TimerOwner;

impl Scheduler {
    /// The lane of the attempt an input is about, unless the input is late.
    pub(super) fn current(&self, id: CallId, epoch: Epoch) -> Option<u32> {
        let CallStage::Active { lane } = self.calls.get(id)?.stage else {
            return None;
        };
        (self.lanes.get(lane)?.epoch == epoch).then_some(lane)
    }

    pub(super) fn attempt_ended(&mut self, id: CallId, epoch: Epoch, end: AttemptResult) {
        let Some(lane) = self.current(id, epoch) else {
            return;
        };
        self.tell_service(lane, end);
        let Some(attempt) = self.vacate(lane) else {
            return;
        };
        self.learn(&attempt, end);
        if let Some(time) = end.retry_after {
            let demand = self.calls[id].demand;
            self.resources.hold_tool(demand, self.now, time);
        }
        let (outcome, reason) = outcome_of(&attempt, end);
        if self.may_retry(&attempt, end, outcome) {
            self.back_off(id, &attempt, end, outcome);
        } else {
            self.finish(id, outcome, reason);
        }
    }

    /// Tells the automatic cap how the service of an attempt answered. Time in
    /// which it waited for an answer from outside is not its own.
    fn tell_service(&mut self, lane: u32, end: AttemptResult) {
        let Some(attempt) = self.lanes.get(lane) else {
            return;
        };
        let record = &self.calls[attempt.call];
        let since = attempt.started.unwrap_or(attempt.ordered);
        let asked = attempt.asked_time
            + attempt
                .asked_since
                .map_or(Duration::ZERO, |since| self.now.since(since));
        let call = FarCall {
            ordered: attempt.ordered,
            took: self.now.since(since).saturating_sub(asked),
            end: far_end(attempt, end),
        };
        let cap = self.settings.policy.cap;
        let step = self.resources.answered(record.demand, call, self.now, cap);
        if let Some(step) = step {
            self.effects.push(Effect::StepCap(step));
        }
    }

    /// Learns what calls of the attempt's tool need.
    fn learn(&mut self, attempt: &ActiveAttempt, end: AttemptResult) {
        let Some(used) = end.used else { return };
        let demand = self.calls[attempt.call].demand;
        let wall = self.now.since(attempt.started.unwrap_or(attempt.ordered));
        let stalls = StallSpan {
            start: attempt.stalled,
            end: self.resources.auto().stalled(self.now),
        };
        self.resources
            .learn(demand, used, wall, stalls, &attempt.usage);
        if self.resources.auto().is_on() {
            self.wake_for_room();
        }
    }

    fn may_retry(&self, attempt: &ActiveAttempt, end: AttemptResult, outcome: Outcome) -> bool {
        let record = &self.calls[attempt.call];
        matches!(outcome, Outcome::Failed | Outcome::TimedOut)
            && end.is_retryable
            && attempt.number.0 <= record.retries
            && !self.control.is_closing()
            && self.control.halted_by().is_none()
    }

    fn back_off(
        &mut self,
        id: CallId,
        attempt: &ActiveAttempt,
        end: AttemptResult,
        outcome: Outcome,
    ) {
        let delay = full_jitter(&mut self.settings.generator, attempt.number.0);
        let at = self
            .now
            .plus(delay.max(end.retry_after.unwrap_or_default()));
        let record = &mut self.calls[id];
        record.last = Some(outcome);
        record.not_before = at;
        record.stage = CallStage::Backoff;
        self.timers.set(TimerOwner::Call(id), &mut record.due, at);
        self.effects.push(Effect::Retry {
            id,
            after: attempt.number,
            outcome,
            at: at.into(),
        });
    }

    /// A deadline of a waiting call has come.
    pub(super) fn fire_call(&mut self, id: CallId) {
        let record = &mut self.calls[id];
        match record.stage {
            CallStage::Ready => {
                let limit = self.timeouts.get(record.timeouts).queue.unwrap_or_default();
                self.finish(id, Outcome::TimedOut, Reason::QueueTimeout { limit });
            }
            CallStage::Waiting | CallStage::Backoff => self.make_ready(id),
            CallStage::Active { .. } | CallStage::Ended(_) => {
                debug_assert!(false, "a waiting deadline of {id}");
                self.timers
                    .set(TimerOwner::Call(id), &mut record.due, Moment::NEVER);
            }
        }
    }

    /// Ends a call that holds no lane, once and for all.
    pub(super) fn finish(&mut self, id: CallId, outcome: Outcome, reason: Reason) {
        self.stop_waiting(id);
        self.calls.end(id, outcome);
        self.effects.push(Effect::Finished {
            id,
            outcome,
            reason,
        });
        self.unsettled.push(id);
    }

    /// Takes a call out of everything in which calls without a lane stand.
    fn stop_waiting(&mut self, id: CallId) {
        if self.calls[id].stage == CallStage::Ready {
            self.dequeue(id);
            let group = self.calls[id].group;
            self.queue
                .update_shares(group, |shares| shares.leave(group));
        }
        let record = &mut self.calls[id];
        self.timers
            .set(TimerOwner::Call(id), &mut record.due, Moment::NEVER);
        if record.is_lock_pending {
            self.lock_questions.close(id);
        }
        self.resources.close(record.demand);
    }

    /// Takes a call out of the run without an end: it gives back what it
    /// holds, and its place is empty from now on. A call that edges lead to or
    /// from stays.
    pub(super) fn withdraw(&mut self, id: CallId) {
        let has_edges = self.graph.has_edges(id);
        let record = self.calls.get(id).filter(|record| !record.is_absent);
        let Some(stage) = record.map(|record| record.stage).filter(|_| !has_edges) else {
            return;
        };
        if let CallStage::Active { lane } = stage {
            self.vacate(lane);
        }
        if !matches!(stage, CallStage::Ended(_)) {
            self.stop_waiting(id);
        }
        self.manual_order.forget(id);
        self.calls.remove(id);
    }

    /// Empties a lane and gives back what its attempt held.
    fn vacate(&mut self, lane: u32) -> Option<ActiveAttempt> {
        let mut attempt = self.lanes.vacate(lane)?;
        self.timers
            .set(TimerOwner::Lane(lane), &mut attempt.due, Moment::NEVER);
        self.release(&attempt);
        self.lanes.fit(self.lanes_kept());
        Some(attempt)
    }

    /// Updates the dependents of calls that have ended.
    pub(super) fn settle(&mut self) {
        let mut next = 0;
        while let Some(id) = self.unsettled.get(next).copied() {
            next += 1;
            self.update_dependents(id);
            self.halt_after(id);
        }
        self.unsettled.clear();
    }

    fn update_dependents(&mut self, id: CallId) {
        let mut edge = self.graph.first(id);
        while let Some((child, on, next)) = self.graph.edge(edge) {
            self.parent_ended(id, child, on);
            edge = next;
        }
    }

    fn parent_ended(&mut self, parent: CallId, child: CallId, on: EdgeKind) {
        if self.calls[child].stage != CallStage::Waiting {
            return;
        }
        if self.is_satisfied(parent, on) {
            self.count_down(child);
        } else {
            self.skip(child, parent);
        }
    }

    /// Returns whether an ended parent satisfies the edge to its dependent.
    fn is_satisfied(&self, parent: CallId, on: EdgeKind) -> bool {
        let CallStage::Ended(outcome) = self.calls[parent].stage else {
            return false;
        };
        match on {
            EdgeKind::Done => true,
            EdgeKind::Output => outcome.is_success(),
            EdgeKind::Ok => {
                outcome.is_success() || self.settings.policy.on_failure == FailurePolicy::Continue
            }
        }
    }

    /// Counts one parent, or the locks, as settled.
    fn count_down(&mut self, id: CallId) {
        let record = &mut self.calls[id];
        record.pending -= 1;
        match record.pending {
            0 => self.make_ready(id),
            1 if record.is_lock_pending => self.ask_for_locks(id),
            _ => {}
        }
    }

    fn skip(&mut self, id: CallId, parent: CallId) {
        let culprit = self.calls[parent].culprit.unwrap_or(parent);
        self.calls[id].culprit = Some(culprit);
        self.finish(id, Outcome::Skipped, Reason::Culprit { call: culprit });
    }

    /// Under the `stop` policy a failure closes admission and ends what waits.
    /// A call that a user cancelled is no failure.
    fn halt_after(&mut self, id: CallId) {
        let is_failure = matches!(
            self.calls[id].stage,
            CallStage::Ended(
                Outcome::Failed | Outcome::TimedOut | Outcome::Unconfirmed | Outcome::Lost
            )
        );
        let is_stopping = self.settings.policy.on_failure == FailurePolicy::Stop;
        if is_failure && is_stopping && self.control.halted_by().is_none() {
            self.control.halt(id);
            self.end_waiting(Outcome::Skipped, Reason::Culprit { call: id });
        }
    }

    /// Ends every call that waits. One whose earlier attempt failed ends as
    /// that attempt did, unless it is cancelled.
    pub(super) fn end_waiting(&mut self, outcome: Outcome, reason: Reason) {
        for id in self.calls.ids_from(0) {
            let record = &mut self.calls[id];
            if !record.is_waiting() {
                continue;
            }
            if let Reason::Culprit { call } = reason {
                record.culprit = Some(call);
            }
            let last = record.last.filter(|_| outcome == Outcome::Skipped);
            match last {
                Some(last) => self.finish(id, last, Reason::Ending),
                None => self.finish(id, outcome, reason),
            }
        }
    }

    /// Sets the initial stage of a newly added call. Its edges to calls before
    /// the batch are settled at once where those have ended; edges within the
    /// batch are settled when those calls end.
    pub(super) fn set_initial_stage(&mut self, id: CallId, batch: usize) {
        if self.control.is_closing() {
            self.finish(id, Outcome::Cancelled, Reason::Shutdown);
            return;
        }
        if let Some(culprit) = self.control.halted_by() {
            self.skip(id, culprit);
            return;
        }
        if self.calls[id].pending == 0 {
            self.make_ready(id);
            return;
        }
        let parents: Vec<_> = self.graph.parents(id).collect();
        if parents.is_empty() {
            self.ask_for_locks(id);
        }
        for edge in parents {
            if edge.call.index() < batch && self.calls[edge.call].is_ended() {
                self.parent_ended(edge.call, id, edge.on);
            }
        }
    }

    pub(super) fn resolve_locks(&mut self, id: CallId, locks: &LockSet) {
        let Some(record) = self.calls.get_mut(id) else {
            return;
        };
        if record.stage != CallStage::Waiting || !record.is_lock_pending {
            return;
        }
        record.is_lock_pending = false;
        self.lock_questions.close(id);
        record.demand = self.resources.with_locks(record.demand, locks);
        self.count_down(id);
    }
}

/// Returns the outcome of an attempt, given the stop that was ordered. A cancel
/// is final, also for an attempt that then succeeded; an attempt that is not
/// confirmed dead, or lost, is never called cancelled.
fn outcome_of(attempt: &ActiveAttempt, end: AttemptResult) -> (Outcome, Reason) {
    let passes = matches!(end.outcome, Outcome::Unconfirmed | Outcome::Lost);
    match attempt.stop {
        Some(OrderedStop { cause, .. }) if !passes => {
            let limits = attempt.timeouts;
            let reason = match cause {
                StopCause::RunTimeout => Reason::RunTimeout {
                    limit: limits.run.unwrap_or_default(),
                },
                StopCause::IdleTimeout => Reason::IdleTimeout {
                    limit: limits.idle.unwrap_or_default(),
                },
                StopCause::User => Reason::User,
                StopCause::Shutdown => Reason::Shutdown,
            };
            (stopped_outcome(cause), reason)
        }
        _ => (end.outcome, Reason::Ending),
    }
}

/// Returns how an attempt ended, as far as its service goes.
fn far_end(attempt: &ActiveAttempt, end: AttemptResult) -> FarEnd {
    let stopped = attempt.stop.map(|stop| stop.cause);
    let is_timeout = matches!(
        stopped,
        Some(StopCause::RunTimeout | StopCause::IdleTimeout)
    );
    match end.outcome {
        _ if end.is_throttled => FarEnd::Throttled,
        _ if is_timeout => FarEnd::TimedOut,
        outcome if outcome.is_success() => FarEnd::Answered,
        _ => FarEnd::Other,
    }
}

/// The outcome of a stop that was ordered, for calls whose tree is gone.
fn stopped_outcome(cause: StopCause) -> Outcome {
    match cause {
        StopCause::IdleTimeout | StopCause::RunTimeout => Outcome::TimedOut,
        StopCause::User | StopCause::Shutdown => Outcome::Cancelled,
    }
}
