//! Why a call waits: the one reason that binds now.

use super::call_record::CallStage;
use super::demand::Demand;
use super::lock_table::Conflict;
use super::scheduler::Scheduler;
use super::sub_queue::Resource;
use crate::model::{CallId, RunPhase, WaitReason};

impl Scheduler {
    /// The reason a call waits; `None` for one that does not wait.
    ///
    /// What only the call can wait for comes before what everyone waits for:
    /// its parents, its times, its rate, its locks, its tool, its claims, then
    /// the lanes.
    pub fn why_waiting(&self, id: CallId) -> Option<WaitReason> {
        let record = self.records.get(id.index())?;
        let at = record.not_before.into();
        match record.stage {
            CallStage::Active { .. } | CallStage::Ended(_) => return None,
            CallStage::Waiting => return Some(self.why_not_ready(id)),
            CallStage::Backoff => return Some(WaitReason::Retry { at }),
            CallStage::OverBudget => return Some(WaitReason::RetryBudget { at }),
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
        let open = parents.find(|call| !self.records[call.index()].is_ended());
        // With its locks still being resolved, the parent that ended is named.
        let last = || self.graph.parents(id).next_back().map(|edge| edge.call);
        let record = &self.records[id.index()];
        let parent = open.or_else(|| last().filter(|_| record.pending > 0));
        parent.map_or(
            WaitReason::StartAfter {
                at: record.not_before.into(),
            },
            |call| WaitReason::After { call },
        )
    }

    fn why_not_started(&self, id: CallId) -> WaitReason {
        let demand = self.demands.get(self.records[id.index()].demand);
        if let Some(block) = self.blocked_by(demand)
            && let Some(reason) = self.why_blocked(demand, block.resource)
        {
            return reason;
        }
        let (busy, cap) = (self.lanes.busy(), self.settings.policy.cap.get());
        match self.queue.first_blocked() {
            Some(blocked) if busy < cap && !self.is_held => WaitReason::Reserved {
                call: blocked.key.id,
            },
            _ => WaitReason::Slot { busy, cap },
        }
    }

    fn why_blocked(&self, demand: &Demand, resource: Resource) -> Option<WaitReason> {
        Some(match resource {
            Resource::Lock(_) => {
                let conflict = self.locks.first_conflict(&demand.locks)?;
                WaitReason::Lock {
                    key: self.locks.key(conflict.asked.0).clone(),
                    holder: self.holder(conflict)?,
                }
            }
            Resource::Tool(number) => {
                let tool = self.tools.get(number);
                WaitReason::ToolCap {
                    tool: tool.name.clone(),
                    busy: tool.busy,
                    max: tool.max?,
                }
            }
            Resource::Rate(number) => {
                let tool = self.tools.get(number);
                WaitReason::Rate {
                    tool: tool.name.clone(),
                    limit: tool.gate.as_ref()?.text.clone(),
                    at: tool.opens_after(self.now)?.into(),
                }
            }
            Resource::Memory => WaitReason::Memory {
                used_bytes: self.pool.memory,
                total_bytes: self.pool.total_memory,
            },
            Resource::Cores => WaitReason::Cpu {
                used_cores: self.pool.millicores as f64 / 1000.0,
                total_cores: self.pool.total_millicores as f64 / 1000.0,
            },
            Resource::Room => WaitReason::Memory {
                used_bytes: self.auto.used().memory,
                total_bytes: self.auto.memory_room(),
            },
            Resource::Share => WaitReason::Cpu {
                used_cores: self.auto.used().millicores as f64 / 1000.0,
                total_cores: self.auto.room_millicores() as f64 / 1000.0,
            },
            Resource::Reservation => return None,
        })
    }

    /// The call in the first lane that holds what a lock conflicts with.
    fn holder(&self, conflict: Conflict) -> Option<CallId> {
        let calls = self.lanes.attempts().map(|(_, attempt)| attempt.call);
        let is_holder = |call: &CallId| {
            let held = self.demands.get(self.records[call.index()].demand);
            let mut held = held.locks.iter();
            held.any(|held| self.locks.is_conflict(*held, conflict.asked))
        };
        calls.into_iter().find(is_holder)
    }
}
