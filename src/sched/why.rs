//! Why a call waits: the one reason that binds now.

use super::record::Stage;
use super::scheduler::Scheduler;
use crate::model::{CallId, RunPhase, WaitReason};

impl Scheduler {
    /// The reason a call waits; `None` for one that does not wait.
    ///
    /// What only the call can wait for comes before what everyone waits for:
    /// its parents, its times, its locks, then the lanes.
    pub fn why_waiting(&self, id: CallId) -> Option<WaitReason> {
        let record = self.records.get(id.index())?;
        let reason = match record.stage {
            Stage::Active { .. } | Stage::Ended(_) => return None,
            Stage::Waiting => self.why_not_ready(id),
            Stage::Backoff { at } => Some(WaitReason::Retry { at }),
            Stage::Ready => None,
        };
        reason.or_else(|| match self.phase() {
            RunPhase::Open => self.why_not_started(id),
            RunPhase::Paused => Some(WaitReason::Paused),
            RunPhase::Stopped | RunPhase::ShuttingDown => Some(WaitReason::Stopped),
        })
    }

    fn why_not_ready(&self, id: CallId) -> Option<WaitReason> {
        let record = &self.records[id.index()];
        let is_open = |call: CallId| !matches!(self.records[call.index()].stage, Stage::Ended(_));
        let mut parents = self.graph.parents(id).map(|edge| edge.call);
        if let Some(call) = parents.find(|call| is_open(*call)) {
            return Some(WaitReason::After { call });
        }
        let at = record.start_after.filter(|at| *at > self.now)?;
        Some(WaitReason::StartAfter { at })
    }

    fn why_not_started(&self, id: CallId) -> Option<WaitReason> {
        let claim = &self.claims[id.index()];
        if let Some(asked) = self.locks.first_conflict(claim) {
            let holder = self.lanes.attempts().find_map(|(_, attempt)| {
                let held = self.claims[attempt.call.index()].iter();
                let mut held = held.filter(|held| self.locks.is_conflict(**held, asked));
                held.next().map(|_| attempt.call)
            })?;
            let key = self.locks.key(asked.0).clone();
            return Some(WaitReason::Lock { key, holder });
        }
        let (busy, cap) = (self.lanes.busy(), self.settings.policy.cap.get());
        Some(WaitReason::Slot { busy, cap })
    }
}
