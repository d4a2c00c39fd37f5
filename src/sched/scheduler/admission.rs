//! Which ready call starts next.

use std::sync::Arc;
use std::time::Duration;

use crate::sched::auto::AttemptUsage;
use crate::sched::call_record::CallStage;
use crate::sched::demand::{Demand, DemandNo};

use super::Scheduler;
use super::reservation::Reservation;
use crate::model::{AttemptNo, CallId, Epoch, LaneId, RunPhase};
use crate::sched::effect::Effect;
use crate::sched::fair_share::weighted;
use crate::sched::lanes::ActiveAttempt;
use crate::sched::moment::Moment;
use crate::sched::queue::Candidate;
use crate::sched::resources::Blocker;
use crate::sched::sub_queue::Resource;
use crate::sched::timer::TimerOwner;
use crate::sched::tool_table::ToolNo;

impl Scheduler {
    /// Starts what may start, in order. Everything a call needs is taken
    /// together or not at all.
    pub(super) fn admit(&mut self) {
        let cap = self.settings.policy.cap.get();
        if self.phase() != RunPhase::Open || self.lanes.busy() >= cap {
            return;
        }
        self.queue.wake_all(Resource::Reservation);
        let mut reservation = None;
        while self.lanes.busy() < cap {
            self.park_rate_limited();
            let Some(candidate) = self.queue.first_open() else {
                return;
            };
            self.consider(candidate, &mut reservation);
        }
    }

    /// A call whose tool's rate is closed is worth no reservation: it is passed
    /// over until the rate opens, also where something else held it back
    /// before. What was kept for it is looked at anew.
    fn park_rate_limited(&mut self) {
        let mut is_passed = false;
        while let Some(blocked) = self.queue.first_blocked() {
            let Some(number) = self.closed_rate(blocked) else {
                break;
            };
            self.queue.park(blocked.line, Resource::Rate(number), true);
            self.wake_with_time(number);
            is_passed = true;
        }
        if is_passed {
            self.queue.wake_all(Resource::Reservation);
        }
    }

    fn closed_rate(&self, candidate: Candidate) -> Option<ToolNo> {
        let demand = self.resources.demand(candidate.demand);
        self.resources.closed_rate(demand, self.now)
    }

    /// Starts the candidate, or parks its line.
    fn consider(&mut self, candidate: Candidate, reservation: &mut Option<Reservation>) {
        let demand = Arc::clone(self.resources.demand(candidate.demand));
        if let Some(block) = self.blocked_by(&demand) {
            self.queue
                .park(candidate.line, block.resource, block.is_exhausted);
            if let Resource::Rate(number) = block.resource {
                self.wake_with_time(number);
            }
            return;
        }
        let first = self
            .queue
            .first_blocked()
            .filter(|blocked| *blocked < candidate);
        if let Some(blocked) = first {
            let is_known = reservation
                .as_ref()
                .is_some_and(|kept| kept.call == blocked.key.id);
            if !is_known {
                *reservation = Some(self.reserve(blocked));
            }
            let kept = reservation.as_mut();
            if !kept.is_some_and(|kept| self.is_allowed_beside(kept, &demand)) {
                self.queue
                    .park(candidate.line, Resource::Reservation, false);
                return;
            }
            self.calls[blocked.key.id].overtaken += 1;
        }
        // A start changes what the reservation leaves.
        *reservation = None;
        self.queue.take(candidate.line, candidate.key);
        self.start(candidate.key.id, candidate.demand);
    }

    /// Returns the first thing that keeps a demand from being met now, lanes
    /// aside.
    pub(super) fn blocked_by(&self, demand: &Demand) -> Option<Blocker> {
        let busy = self.lanes.busy();
        self.resources.blocked_by(demand, self.now, busy)
    }

    /// Whether a call waits for nothing but its share of the cores, and that is
    /// known. Where it is a guess, cores idle because of the guess.
    pub(super) fn is_short_of_cores(&self) -> bool {
        let is_open = self.phase() == RunPhase::Open;
        let has_lane = self.lanes.busy() < self.settings.policy.cap.get();
        let waits = |blocked: Candidate| {
            let demand = self.resources.demand(blocked.demand);
            let block = self.blocked_by(demand);
            self.resources.auto().is_known(demand)
                && block.is_some_and(|block| block.resource == Resource::Share)
        };
        is_open && has_lane && self.queue.first_blocked().is_some_and(waits)
    }

    /// Whoever waits for room under the automatic cap looks again.
    pub(super) fn wake_for_room(&mut self) {
        self.queue.wake_all(Resource::Room);
        self.queue.wake_all(Resource::Share);
    }

    /// Sets the timer that wakes a line parked for a tool's rate.
    fn wake_with_time(&mut self, number: ToolNo) {
        let (due, kept) = self.resources.rate_timer(number, self.now);
        self.timers.set(TimerOwner::Tool(number), kept, due);
    }

    /// Wakes a line: its tool's rate allows another start.
    pub(super) fn fire_tool(&mut self, number: ToolNo) {
        let (_, kept) = self.resources.rate_timer(number, self.now);
        self.timers
            .set(TimerOwner::Tool(number), kept, Moment::NEVER);
        self.queue.wake(Resource::Rate(number));
    }

    fn start(&mut self, id: CallId, demand: DemandNo) {
        self.lanes.widen();
        let Some(lane) = self.lanes.lowest_free() else {
            debug_assert!(false, "a start of {id} without a free lane");
            return;
        };
        let demand = Arc::clone(self.resources.demand(demand));
        self.resources.take(&demand, self.now);
        self.last_epoch += 1;
        let record = &mut self.calls[id];
        self.timers
            .set(TimerOwner::Call(id), &mut record.due, Moment::NEVER);
        record.attempts += 1;
        record.stage = CallStage::Active { lane };
        let charged = weighted(Duration::from_nanos(record.estimate), demand.millicores);
        let group = record.group;
        let attempt = ActiveAttempt {
            call: id,
            epoch: Epoch(self.last_epoch),
            number: AttemptNo(record.attempts),
            ordered: self.now,
            expected: demand.rounded_estimate.time(),
            charged,
            usage: AttemptUsage::begin(self.now),
            stalled: self.resources.auto().stalled(self.now),
            started: None,
            last_output: self.now,
            second_look: None,
            asked_since: None,
            asked_time: Duration::ZERO,
            timeouts: *self.timeouts.get(record.timeouts),
            stop: None,
            due: Moment::NEVER,
        };
        self.effects.push(Effect::Start {
            id,
            lane: LaneId(lane),
            epoch: attempt.epoch,
            attempt: attempt.number,
        });
        self.lanes.occupy(lane, attempt);
        self.queue
            .update_shares(group, |shares| shares.charge(group, charged));
        if self.queue.has_groups() {
            // Another group may now come before the one that was reserved for.
            self.queue.wake_all(Resource::Reservation);
        }
    }

    /// Gives back what an attempt held, and wakes who may wait for it.
    pub(super) fn release(&mut self, attempt: &ActiveAttempt) {
        let record = &self.calls[attempt.call];
        let group = record.group;
        let demand = Arc::clone(self.resources.demand(record.demand));
        self.resources
            .release(&demand, &attempt.usage, |freed| self.queue.wake(freed));
        if self.resources.auto().is_on() {
            self.wake_for_room();
        }
        let took = weighted(self.now.since(attempt.ordered), demand.millicores);
        let charged = attempt.charged;
        self.queue.update_shares(group, |shares| {
            shares.correct(group, charged, took);
            shares.leave(group);
        });
    }
}
