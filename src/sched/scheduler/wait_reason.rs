//! Why a call waits now.

use super::Scheduler;
use crate::model::{CallId, RunPhase, WaitReason};
use crate::sched::call_record::CallStage;
use crate::sched::lock_table::Conflict;

impl Scheduler {
    /// Returns the reason a call waits; `None` for one that does not wait.
    ///
    /// Reasons of the call alone come before those that it shares with others:
    /// its parents, its times, its rate, its locks, its tool, its claims, then
    /// the lanes.
    pub fn why_waiting(&self, id: CallId) -> Option<WaitReason> {
        let record = self.calls.get(id)?;
        let at = record.not_before.into();
        match record.stage {
            CallStage::Active { .. } | CallStage::Ended(_) => return None,
            CallStage::Waiting => return Some(self.why_not_ready(id)),
            CallStage::Backoff => return Some(WaitReason::Retry { at }),
            CallStage::Ready => {}
        }
        Some(match self.phase() {
            RunPhase::Open => self.why_not_started(id),
            RunPhase::Paused => WaitReason::Paused,
            RunPhase::Stopped | RunPhase::ShuttingDown => WaitReason::Stopped,
        })
    }

    fn why_not_ready(&self, id: CallId) -> WaitReason {
        let mut parents = self.graph.parents(id).map(|edge| edge.call);
        let open = parents.find(|call| !self.calls[*call].is_ended());
        // With its locks still being resolved, the parent that ended is named.
        let last = || self.graph.parents(id).next_back().map(|edge| edge.call);
        let record = &self.calls[id];
        let parent = open.or_else(|| last().filter(|_| record.pending > 0));
        parent.map_or(
            WaitReason::StartAfter {
                at: record.not_before.into(),
            },
            |call| WaitReason::After { call },
        )
    }

    fn why_not_started(&self, id: CallId) -> WaitReason {
        let demand = self.resources.demand(self.calls[id].demand);
        if let Some(block) = self.blocked_by(demand)
            && let Some(reason) =
                self.resources
                    .wait_reason(demand, block.resource, self.now, |conflict| {
                        self.holder(conflict)
                    })
        {
            return reason;
        }
        let (busy, cap) = (self.lanes.busy(), self.settings.policy.cap.get());
        match self.queue.first_blocked() {
            Some(blocked) if busy < cap && !self.lock_questions.holds_admission() => {
                WaitReason::Reserved {
                    call: blocked.key.id,
                }
            }
            _ => WaitReason::Slot { busy, cap },
        }
    }

    /// The call in the first lane that holds what a lock conflicts with.
    fn holder(&self, conflict: Conflict) -> Option<CallId> {
        let calls = self.lanes.attempts().map(|(_, attempt)| attempt.call);
        let is_holder = |call: &CallId| {
            let held = self.resources.demand(self.calls[*call].demand);
            self.resources.is_holder(&held.locks, conflict)
        };
        calls.into_iter().find(is_holder)
    }
}
