//! Invariants of the scheduler, checked after every step in debug builds
//! against a plain recount.

use super::Scheduler;
use crate::model::RunPhase;
use crate::sched::call_record::CallStage;
use crate::sched::lanes::ActiveAttempt;

/// Runs with more calls than this are recounted only where that costs no more
/// than a pass over the lanes.
const FEW: usize = 64;

impl Scheduler {
    pub(super) fn check(&self) {
        let busy = self.lanes.attempts().count();
        assert_eq!(self.lanes.busy() as usize, busy, "busy lanes");
        assert!(self.unsettled.is_empty(), "dependents left untold");
        let demands = self.lanes.attempts().map(|(_, attempt)| {
            let record = &self.calls[attempt.call];
            (&**self.resources.demand(record.demand), &attempt.usage)
        });
        self.resources.check(demands, self.calls.open());
        if self.calls.len() <= FEW {
            self.check_records();
            self.check_locks();
            self.check_queue();
        }
    }

    fn check_records(&self) {
        let count = |is: fn(CallStage) -> bool| {
            let stages = self.calls.iter().map(|(_, record)| record.stage);
            stages.filter(|stage| is(*stage)).count()
        };
        let ended = count(|stage| matches!(stage, CallStage::Ended(_)));
        let active = count(|stage| matches!(stage, CallStage::Active { .. }));
        let ready = count(|stage| stage == CallStage::Ready);
        assert_eq!(self.calls.open() + ended, self.calls.len(), "open calls");
        assert_eq!(active, self.lanes.busy() as usize, "active calls");
        assert_eq!(ready, self.queue.len(), "ready calls");
        for (_, record) in self.calls.iter() {
            assert!(record.attempts <= record.retries + 1, "attempts");
            let has_timer = record.due.is_set();
            assert!(!has_timer || record.is_waiting(), "timer of a call");
        }
        let timers = self
            .calls
            .iter()
            .filter(|(_, record)| record.due.is_set())
            .count()
            + self
                .lanes
                .attempts()
                .filter(|(_, attempt)| attempt.due.is_set())
                .count()
            + self.resources.timers();
        assert_eq!(timers, self.timers.len(), "timers");
    }

    fn check_locks(&self) {
        let claim = |attempt: &ActiveAttempt| {
            let record = &self.calls[attempt.call];
            &self.resources.demand(record.demand).locks
        };
        let attempts: Vec<&ActiveAttempt> =
            self.lanes.attempts().map(|(_, attempt)| attempt).collect();
        for (index, one) in attempts.iter().enumerate() {
            for other in &attempts[index + 1..] {
                let is_free = !self.resources.is_conflict(claim(one), claim(other));
                assert!(is_free, "{} and {} hold one lock", one.call, other.call);
            }
        }
    }

    /// With admission open and a lane free nothing may be left unlooked at.
    fn check_queue(&self) {
        let is_open = self.phase() == RunPhase::Open;
        if is_open
            && !self.lock_questions.holds_admission()
            && self.lanes.busy() < self.settings.policy.cap.get()
        {
            assert_eq!(self.queue.first_open(), None, "a call was not looked at");
        }
        assert_eq!(self.queue.in_order().len(), self.queue.len(), "lines");
    }
}
