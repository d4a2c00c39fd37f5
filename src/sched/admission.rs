//! Which ready call starts next.

use std::sync::Arc;
use std::time::Duration;

use super::call_record::CallStage;
use super::demand::{Demand, DemandNo};
use super::effect::Effect;
use super::fair_share::weighted;
use super::lanes::ActiveAttempt;
use super::moment::Moment;
use super::queue::Candidate;
use super::reservation::Reservation;
use super::scheduler::Scheduler;
use super::sub_queue::Resource;
use super::timer::TimerOwner;
use super::tool_table::ToolNo;
use crate::model::{AttemptNo, CallId, Epoch, LaneId, LockMode, RunPhase};

/// What holds a demand back, and whether it would hold back everyone who
/// waits for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocker {
    pub resource: Resource,
    pub is_exhausted: bool,
}

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
            let Some(number) = self.closed_rate(self.demands.get(blocked.demand)) else {
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

    fn closed_rate(&self, demand: &Demand) -> Option<ToolNo> {
        let is_closed = |number: &ToolNo| self.tools.get(*number).opens_after(self.now).is_some();
        demand.tool.filter(is_closed)
    }

    /// Starts the candidate, or parks its line.
    fn consider(&mut self, candidate: Candidate, reservation: &mut Option<Reservation>) {
        let demand = Arc::clone(self.demands.get(candidate.demand));
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
            self.records[blocked.key.id.index()].overtaken += 1;
        }
        // A start changes what the reservation leaves.
        *reservation = None;
        self.queue.take(candidate.line, candidate.key);
        self.start(candidate.key.id, candidate.demand);
    }

    /// The first thing that keeps a demand from being met now, lanes aside: its
    /// rate before all, as that takes its time whatever others do.
    pub(super) fn blocked_by(&self, demand: &Demand) -> Option<Blocker> {
        let block = |resource, is_exhausted| {
            Some(Blocker {
                resource,
                is_exhausted,
            })
        };
        if let Some(number) = self.closed_rate(demand) {
            return block(Resource::Rate(number), true);
        }
        if let Some(conflict) = self.locks.first_conflict(&demand.locks) {
            let is_exhausted = conflict.held == LockMode::Exclusive;
            return block(Resource::Lock(conflict.at), is_exhausted);
        }
        if let Some(number) = demand.tool
            && self.tools.get(number).is_full()
        {
            return block(Resource::Tool(number), true);
        }
        if !self.pool.has_memory(demand) {
            return block(Resource::Memory, false);
        }
        if !self.pool.has_cores(demand) {
            return block(Resource::Cores, false);
        }
        self.beyond_room(demand)
            .and_then(|resource| block(resource, false))
    }

    /// What a call does not find room for under the automatic cap. One call is
    /// always let through.
    fn beyond_room(&self, demand: &Demand) -> Option<Resource> {
        if !self.auto.is_on() || self.lanes.busy() == 0 {
            return None;
        }
        let need = self.auto.need(demand);
        let used = self.auto.used().plus(need);
        if !self.auto.has_memory(used) {
            return Some(Resource::Room);
        }
        (!self.auto.has_cores(used, need)).then_some(Resource::Share)
    }

    /// Whether a call waits for nothing but its share of the cores, and that is
    /// known. Where it is a guess, cores idle because of the guess.
    pub(super) fn is_short_of_cores(&self) -> bool {
        let is_open = self.phase() == RunPhase::Open;
        let has_lane = self.lanes.busy() < self.settings.policy.cap.get();
        let waits = |blocked: Candidate| {
            let demand = self.demands.get(blocked.demand);
            let block = self.blocked_by(demand);
            self.auto.is_known(demand)
                && block.is_some_and(|block| block.resource == Resource::Share)
        };
        is_open && has_lane && self.queue.first_blocked().is_some_and(waits)
    }

    /// Whoever waits for room under the automatic cap looks again.
    pub(super) fn wake_for_room(&mut self) {
        self.queue.wake_all(Resource::Room);
        self.queue.wake_all(Resource::Share);
    }

    /// Sees to it that a line parked for a tool's rate is woken in time.
    fn wake_with_time(&mut self, number: ToolNo) {
        let now = self.now;
        let tool = self.tools.get_mut(number);
        let due = tool.opens_after(now).unwrap_or(now);
        self.timers
            .set(TimerOwner::Tool(number), &mut tool.due, due);
    }

    /// A tool's rate allows another start.
    pub(super) fn fire_tool(&mut self, number: ToolNo) {
        let tool = self.tools.get_mut(number);
        self.timers
            .set(TimerOwner::Tool(number), &mut tool.due, Moment::NEVER);
        self.queue.wake(Resource::Rate(number));
    }

    fn start(&mut self, id: CallId, demand: DemandNo) {
        self.lanes.widen();
        let Some(lane) = self.lanes.lowest_free() else {
            debug_assert!(false, "a start of {id} without a free lane");
            return;
        };
        let demand = Arc::clone(self.demands.get(demand));
        self.take_all(&demand);
        self.last_epoch += 1;
        let record = &mut self.records[id.index()];
        self.timers
            .set(TimerOwner::Call(id), &mut record.due, Moment::NEVER);
        if record.attempts == 0 {
            self.budget.count_start(self.now);
        }
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
            stalled: self.auto.stalled(self.now),
            started: None,
            last_output: self.now,
            timeouts: *self.limits.get(record.limits),
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

    fn take_all(&mut self, demand: &Demand) {
        self.locks.take(&demand.locks);
        self.pool.take(demand);
        self.auto.take(demand);
        if let Some(tool) = demand.tool {
            self.tools.take(tool, self.now);
        }
    }

    /// Gives back what an attempt held, and wakes who may wait for it.
    pub(super) fn release(&mut self, attempt: &ActiveAttempt) {
        let record = &self.records[attempt.call.index()];
        let group = record.group;
        let demand = Arc::clone(self.demands.get(record.demand));
        self.locks.release(&demand.locks);
        self.pool.release(&demand);
        self.auto.release(&demand);
        if self.auto.is_on() {
            self.wake_for_room();
        }
        for (lock, _) in &demand.locks {
            for folder in self.locks.and_folders_above(*lock) {
                self.queue.wake(Resource::Lock(folder));
            }
        }
        if let Some(tool) = demand.tool {
            self.tools.release(tool);
            self.queue.wake(Resource::Tool(tool));
        }
        if demand.memory > 0 {
            self.queue.wake(Resource::Memory);
        }
        if demand.millicores > 0 {
            self.queue.wake(Resource::Cores);
        }
        let took = weighted(self.now.since(attempt.ordered), demand.millicores);
        let charged = attempt.charged;
        self.queue.update_shares(group, |shares| {
            shares.correct(group, charged, took);
            shares.leave(group);
        });
    }
}
