//! How attempts and calls end, and what that means for the others.

use std::sync::Arc;
use std::time::Duration;

use super::backoff::full_jitter;
use super::call_record::CallStage;
use super::demand::Demand;
use super::effect::{Effect, Reason};
use super::input::AttemptResult;
use super::lanes::{ActiveAttempt, OrderedStop};
use super::moment::Moment;
use super::scheduler::{Closing, Scheduler, stopped_outcome};
use super::timer::TimerOwner;
use crate::model::{CallId, EdgeKind, Epoch, FailurePolicy, LockSet, Outcome, StopCause};

impl Scheduler {
    /// The lane of the attempt an input is about, unless the input is late.
    pub(super) fn current(&self, id: CallId, epoch: Epoch) -> Option<u32> {
        let CallStage::Active { lane } = self.records.get(id.index())?.stage else {
            return None;
        };
        (self.lanes.get(lane)?.epoch == epoch).then_some(lane)
    }

    pub(super) fn attempt_ended(&mut self, id: CallId, epoch: Epoch, end: AttemptResult) {
        let vacated = self
            .current(id, epoch)
            .map(|lane| (lane, self.lanes.vacate(lane)));
        let Some((lane, Some(mut attempt))) = vacated else {
            return;
        };
        self.timers
            .set(TimerOwner::Lane(lane), &mut attempt.due, Moment::NEVER);
        self.release(&attempt);
        self.learn(&attempt, end);
        self.lanes.fit(self.lanes_kept());
        if let Some(time) = end.retry_after {
            self.hold_tool(id, time);
        }
        let (outcome, reason) = outcome_of(&attempt, end);
        if self.may_retry(&attempt, end, outcome) {
            self.back_off(id, &attempt, end, outcome);
        } else {
            self.finish(id, outcome, reason);
        }
    }

    /// Learns what calls of the attempt's tool need.
    fn learn(&mut self, attempt: &ActiveAttempt, end: AttemptResult) {
        let Some(used) = end.used else { return };
        let record = &self.records[attempt.call.index()];
        let demand = Arc::clone(self.demands.get(record.demand));
        let wall = self.now.since(attempt.started.unwrap_or(attempt.ordered));
        let stalled = (attempt.stalled, self.auto.stalled(self.now));
        self.auto.learn(&demand, used, wall, stalled);
        if self.auto.is_on() {
            self.wake_for_room();
        }
    }

    fn may_retry(&self, attempt: &ActiveAttempt, end: AttemptResult, outcome: Outcome) -> bool {
        let record = &self.records[attempt.call.index()];
        matches!(outcome, Outcome::Failed | Outcome::TimedOut)
            && end.is_retryable
            && attempt.number.0 <= record.retries
            && self.closing == Closing::Open
            && self.halted_by.is_none()
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
        let record = &mut self.records[id.index()];
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

    /// A service asked not to be called again for a while.
    fn hold_tool(&mut self, id: CallId, time: Duration) {
        let demand = self.demands.get(self.records[id.index()].demand);
        if let Some(tool) = demand.tool {
            self.tools.hold(tool, self.now, time);
        }
    }

    /// A deadline of a waiting call has come.
    pub(super) fn fire_call(&mut self, id: CallId) {
        let record = &mut self.records[id.index()];
        match record.stage {
            CallStage::Ready => {
                let limit = self.limits.get(record.limits).queue.unwrap_or_default();
                self.finish(id, Outcome::TimedOut, Reason::QueueTimeout { limit });
            }
            CallStage::Waiting => self.make_ready(id),
            CallStage::Backoff | CallStage::OverBudget => match self.budget.take(self.now) {
                Ok(()) => self.make_ready(id),
                Err(again) => {
                    record.stage = CallStage::OverBudget;
                    record.not_before = again;
                    self.timers
                        .set(TimerOwner::Call(id), &mut record.due, again);
                }
            },
            CallStage::Active { .. } | CallStage::Ended(_) => {
                debug_assert!(false, "a waiting deadline of {id}");
                self.timers
                    .set(TimerOwner::Call(id), &mut record.due, Moment::NEVER);
            }
        }
    }

    /// Ends a call that holds no lane, once and for all.
    pub(super) fn finish(&mut self, id: CallId, outcome: Outcome, reason: Reason) {
        if self.records[id.index()].stage == CallStage::Ready {
            self.dequeue(id);
            let group = self.records[id.index()].group;
            self.queue
                .update_shares(group, |shares| shares.leave(group));
        }
        let record = &mut self.records[id.index()];
        debug_assert!(!record.is_ended(), "{id} ends twice");
        self.timers
            .set(TimerOwner::Call(id), &mut record.due, Moment::NEVER);
        record.stage = CallStage::Ended(outcome);
        if record.is_lock_pending {
            self.unresolved.remove(&id);
        }
        self.open_calls -= 1;
        self.auto.closed(self.demands.get(record.demand));
        self.effects.push(Effect::Finished {
            id,
            outcome,
            reason,
        });
        self.unsettled.push(id);
    }

    /// Tells the dependents of calls that have ended.
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
        if self.records[child.index()].stage != CallStage::Waiting {
            return;
        }
        if self.is_satisfied(parent, on) {
            self.count_down(child);
        } else {
            self.skip(child, parent);
        }
    }

    /// Whether an ended parent lets its dependent go on.
    fn is_satisfied(&self, parent: CallId, on: EdgeKind) -> bool {
        let CallStage::Ended(outcome) = self.records[parent.index()].stage else {
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

    /// One thing less to wait for.
    fn count_down(&mut self, id: CallId) {
        let record = &mut self.records[id.index()];
        record.pending -= 1;
        match record.pending {
            0 => self.make_ready(id),
            1 if record.is_lock_pending => self.ask_for_locks(id),
            _ => {}
        }
    }

    fn skip(&mut self, id: CallId, parent: CallId) {
        let culprit = self.records[parent.index()].culprit.unwrap_or(parent);
        self.records[id.index()].culprit = Some(culprit);
        self.finish(id, Outcome::Skipped, Reason::Culprit { call: culprit });
    }

    /// Under the `stop` policy a failure closes admission and ends what waits.
    /// A call that a user cancelled is no failure.
    fn halt_after(&mut self, id: CallId) {
        let is_failure = matches!(
            self.records[id.index()].stage,
            CallStage::Ended(
                Outcome::Failed | Outcome::TimedOut | Outcome::Unconfirmed | Outcome::Lost
            )
        );
        let is_stopping = self.settings.policy.on_failure == FailurePolicy::Stop;
        if is_failure && is_stopping && self.halted_by.is_none() {
            self.halted_by = Some(id);
            self.end_waiting(Outcome::Skipped, Reason::Culprit { call: id });
        }
    }

    /// Ends every call that waits. One whose earlier attempt failed ends as
    /// that attempt did, unless it is cancelled.
    pub(super) fn end_waiting(&mut self, outcome: Outcome, reason: Reason) {
        for index in 0..self.records.len() {
            let record = &mut self.records[index];
            if !record.is_waiting() {
                continue;
            }
            if let Reason::Culprit { call } = reason {
                record.culprit = Some(call);
            }
            let last = record.last.filter(|_| outcome == Outcome::Skipped);
            let id = CallId::from_index(index);
            match last {
                Some(last) => self.finish(id, last, Reason::Ending),
                None => self.finish(id, outcome, reason),
            }
        }
    }

    /// Finds a new call its stage. Its edges to calls before the batch are
    /// settled at once where those have ended; those within the batch will be
    /// when they end.
    pub(super) fn set_initial_stage(&mut self, id: CallId, batch: usize) {
        if self.closing != Closing::Open {
            self.finish(id, Outcome::Cancelled, Reason::Shutdown);
            return;
        }
        if let Some(culprit) = self.halted_by {
            self.skip(id, culprit);
            return;
        }
        if self.records[id.index()].pending == 0 {
            self.make_ready(id);
            return;
        }
        let parents: Vec<_> = self.graph.parents(id).collect();
        if parents.is_empty() {
            self.ask_for_locks(id);
        }
        for edge in parents {
            let parent = edge.call.index();
            if parent < batch && self.records[parent].is_ended() {
                self.parent_ended(edge.call, id, edge.on);
            }
        }
    }

    pub(super) fn resolve_locks(&mut self, id: CallId, locks: &LockSet) {
        let Some(record) = self.records.get_mut(id.index()) else {
            return;
        };
        if record.stage != CallStage::Waiting || !record.is_lock_pending {
            return;
        }
        record.is_lock_pending = false;
        self.unresolved.remove(&id);
        let mut demand = Demand::clone(self.demands.get(record.demand));
        demand.locks = self.locks.intern(locks);
        record.demand = self.demands.intern(demand);
        self.count_down(id);
    }
}

/// What an attempt's end means, given the stop that was ordered. A cancel
/// is final, also for an attempt that then succeeded; what is not
/// confirmed dead or not known is never called cancelled.
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
