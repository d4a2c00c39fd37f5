//! One reservation, for the first call that does not fit: what is free is not
//! given to others for longer than that call has to wait anyway.
//!
//! This is EASY backfill (D. Lifka, 1995). `shadow` is the earliest time at
//! which everything the call needs is free by the estimated ends of what
//! runs; an attempt that is overdue is taken to need as long again. Another
//! call may start ahead of it if it fits now and is expected to end by then,
//! or if both fit then.

use super::auto::Need;
use super::demand::Demand;
use super::lanes::ActiveAttempt;
use super::lock_table::{LockClaim, LockTable};
use super::moment::Moment;
use super::queue::Candidate;
use super::scheduler::Scheduler;
use super::tool_table::ToolNo;
use crate::model::CallId;

/// How many starts of others for each lane may overtake the first blocked
/// call before nothing may: estimates can be wrong for ever.
const BARRIER: u32 = 8;

/// What is kept for the first call that does not fit.
#[derive(Debug)]
pub(super) struct Reservation {
    pub call: CallId,
    shadow: Moment,
    /// Nothing may overtake it any more.
    is_barred: bool,
    /// Its locks.
    locks: LockClaim,
    at_shadow: ProjectedUsage,
}

/// What the call and those that still run at the shadow use together.
#[derive(Debug, Default)]
struct ProjectedUsage {
    lanes: u32,
    millicores: u64,
    memory: u64,
    tools: Vec<ToolNo>,
    /// What they are expected to need.
    need: Need,
}

impl ProjectedUsage {
    fn add(&mut self, demand: &Demand, need: Need) {
        self.need = self.need.plus(need);
        self.lanes += 1;
        self.millicores = self.millicores.saturating_add(demand.millicores);
        self.memory = self.memory.saturating_add(demand.memory);
        self.tools.extend(demand.tool);
    }

    fn subtract(&mut self, demand: &Demand, need: Need) {
        self.need = self.need.minus(need);
        self.lanes -= 1;
        self.millicores -= demand.millicores;
        self.memory -= demand.memory;
        if let Some(tool) = demand.tool
            && let Some(at) = self.tools.iter().position(|held| *held == tool)
        {
            self.tools.swap_remove(at);
        }
    }
}

impl Scheduler {
    /// The reservation of the first call that does not fit.
    pub(super) fn reserve(&self, blocked: Candidate) -> Reservation {
        let demand = self.demands.get(blocked.demand);
        let mut at_shadow = ProjectedUsage::default();
        at_shadow.add(demand, self.auto.need(demand));
        let mut running: Vec<(Moment, u32, &Demand)> = Vec::new();
        let mut conflicts = 0;
        for (lane, attempt) in self.lanes.attempts() {
            let held = self.demand_of(attempt);
            at_shadow.add(held, self.auto.need(held));
            conflicts += u32::from(is_conflict(&self.locks, &held.locks, &demand.locks));
            running.push((attempt.expected_end(self.now), lane, held));
        }
        running.sort_unstable_by_key(|(end, lane, _)| (*end, *lane));
        let mut shadow = self.now;
        let mut ending = running.into_iter().peekable();
        while conflicts > 0 || !self.is_within(&at_shadow, demand) {
            let Some((end, ..)) = ending.peek() else {
                break;
            };
            shadow = *end;
            // Those that end at the same time are gone at that time.
            while let Some((_, _, held)) = ending.next_if(|(end, ..)| *end <= shadow) {
                at_shadow.subtract(held, self.auto.need(held));
                conflicts -= u32::from(is_conflict(&self.locks, &held.locks, &demand.locks));
            }
        }
        let overtaken = self.records[blocked.key.id.index()].overtaken;
        Reservation {
            call: blocked.key.id,
            shadow,
            is_barred: overtaken > BARRIER * self.settings.policy.cap.get(),
            locks: demand.locks.clone(),
            at_shadow,
        }
    }

    fn demand_of(&self, attempt: &ActiveAttempt) -> &Demand {
        self.demands.get(self.records[attempt.call.index()].demand)
    }

    /// Whether what is in use stays within what there is; of the tools, the
    /// one of `demand` is looked at.
    fn is_within(&self, usage: &ProjectedUsage, demand: &Demand) -> bool {
        let is_tool_free = demand.tool.is_none_or(|tool| {
            let busy = usage.tools.iter().filter(|held| **held == tool).count() as u32;
            self.tools.get(tool).max.is_none_or(|max| busy <= max)
        });
        usage.lanes <= self.settings.policy.cap.get()
            && usage.millicores <= self.pool.total_millicores
            && usage.memory <= self.pool.total_memory
            && is_tool_free
            && self.is_within_room(usage, demand)
    }

    /// The same for the room there is under the automatic cap.
    fn is_within_room(&self, usage: &ProjectedUsage, demand: &Demand) -> bool {
        let last = self.auto.need(demand);
        !self.auto.is_on()
            || usage.lanes <= 1
            || (self.auto.has_memory(usage.need) && self.auto.has_cores(usage.need, last))
    }

    /// Whether a call that fits now may start ahead of the reservation.
    pub(super) fn is_allowed_beside(&self, kept: &mut Reservation, demand: &Demand) -> bool {
        if kept.is_barred {
            return false;
        }
        if self.now.plus(demand.rounded_estimate.time()) <= kept.shadow {
            return true;
        }
        kept.at_shadow.add(demand, self.auto.need(demand));
        let is_room = self.is_within(&kept.at_shadow, demand);
        kept.at_shadow.subtract(demand, self.auto.need(demand));
        is_room && !is_conflict(&self.locks, &kept.locks, &demand.locks)
    }
}

/// Whether holding one claim keeps the other from being taken.
fn is_conflict(table: &LockTable, held: &LockClaim, asked: &LockClaim) -> bool {
    let is_conflict = |asked| held.iter().any(|held| table.is_conflict(*held, asked));
    asked.iter().copied().any(is_conflict)
}
