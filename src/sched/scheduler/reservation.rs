//! One reservation, for the first call that does not fit: what is free is not
//! given to others for longer than that call has to wait anyway.
//!
//! This is EASY backfill (D. Lifka, 1995). `shadow` is the earliest time at
//! which everything the call needs is free by the estimated ends of what
//! runs; an attempt that is overdue is taken to need as long again. Another
//! call may start ahead of it if it fits now and is expected to end by then,
//! or if both fit then.

use super::Scheduler;
use crate::model::CallId;
use crate::sched::demand::Demand;
use crate::sched::lanes::ActiveAttempt;
use crate::sched::lock_table::LockClaim;
use crate::sched::moment::Moment;
use crate::sched::queue::Candidate;
use crate::sched::resources::ProjectedUsage;

/// How many starts of others for each lane may overtake the first blocked
/// call before nothing may: estimates can be wrong for ever.
const BARRIER: u32 = 8;

/// Resources kept for the first call that does not fit.
#[derive(Debug)]
pub(super) struct Reservation {
    pub call: CallId,
    shadow: Moment,
    /// Nothing may overtake it any more.
    is_barred: bool,
    /// Its locks.
    locks: LockClaim,
    /// Used at the shadow by the call and those that still run then.
    at_shadow: ProjectedUsage,
}

impl Scheduler {
    /// The reservation of the first call that does not fit.
    pub(super) fn reserve(&self, blocked: Candidate) -> Reservation {
        let demand = self.resources.demand(blocked.demand);
        let mut at_shadow = ProjectedUsage::default();
        self.resources.project(&mut at_shadow, demand, None);
        let mut running: Vec<(Moment, u32, &ActiveAttempt)> = Vec::new();
        let mut conflicts = 0;
        let cap = self.settings.policy.cap;
        for (lane, attempt) in self.lanes.attempts() {
            let held = self.demand_of(attempt);
            let need = attempt.usage.need();
            self.resources.project(&mut at_shadow, held, need);
            conflicts += u32::from(self.resources.is_conflict(&held.locks, &demand.locks));
            running.push((attempt.expected_end(self.now), lane, attempt));
        }
        running.sort_unstable_by_key(|(end, lane, _)| (*end, *lane));
        let mut shadow = self.now;
        let mut ending = running.into_iter().peekable();
        while conflicts > 0 || !self.resources.is_within(&at_shadow, demand, cap) {
            let Some((end, ..)) = ending.peek() else {
                break;
            };
            shadow = *end;
            // Those that end at the same time are gone at that time.
            while let Some((_, _, ended)) = ending.next_if(|(end, ..)| *end <= shadow) {
                let held = self.demand_of(ended);
                let need = ended.usage.need();
                self.resources.withdraw(&mut at_shadow, held, need);
                conflicts -= u32::from(self.resources.is_conflict(&held.locks, &demand.locks));
            }
        }
        let overtaken = self.calls[blocked.key.id].overtaken;
        Reservation {
            call: blocked.key.id,
            shadow,
            is_barred: overtaken > BARRIER * cap.get(),
            locks: demand.locks.clone(),
            at_shadow,
        }
    }

    fn demand_of(&self, attempt: &ActiveAttempt) -> &Demand {
        self.resources.demand(self.calls[attempt.call].demand)
    }

    /// Whether a call that fits now may start ahead of the reservation.
    pub(super) fn is_allowed_beside(&self, kept: &mut Reservation, demand: &Demand) -> bool {
        if kept.is_barred {
            return false;
        }
        if self.now.plus(demand.rounded_estimate.time()) <= kept.shadow {
            return true;
        }
        let cap = self.settings.policy.cap;
        self.resources.project(&mut kept.at_shadow, demand, None);
        let is_room = self.resources.is_within(&kept.at_shadow, demand, cap);
        self.resources.withdraw(&mut kept.at_shadow, demand, None);
        is_room && !self.resources.is_conflict(&kept.locks, &demand.locks)
    }
}
