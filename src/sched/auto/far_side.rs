//! Shares of services on the far side: tool servers, and hosts of HTTP tools.
//!
//! Nothing can be read of their machines, so each gets a share of the lanes that
//! follows from its answers: additive increase, multiplicative decrease, with a
//! saturation gate (Chiu and Jain, 1989; as in Netflix's concurrency-limits). A
//! refusal (429, 503 with a pause) or a time-out cuts the share by a third, once
//! for all calls that were on their way then. A success adds one call a round
//! trip while all of the share is in use, or one each before the first sign of a
//! limit. While calls take over twice as long as at low load, nothing is added:
//! they queue on the far side, and more would only queue longer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::demand::ServiceNo;
use super::super::moment::Moment;
use super::latency::{LatencyBaseline, RecentRatios};
use crate::model::{CapCause, ServiceShare};

/// Calls of a service that run at once before anything is known of it.
const FIRST: f64 = 4.0;
/// Factor on the share at a sign that it is too large.
const CUT: f64 = 2.0 / 3.0;
/// Calls that take longer than at low load by more than this factor queue.
const SLOW: f64 = 2.0;
/// From this factor on the share is no longer doubled: the limit is near.
const NEAR: f64 = 1.25;
/// Tools of one service whose run times are told apart.
const MOST_TOOLS: usize = 64;

/// End of a call, as far as its service goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sched) enum FarEnd {
    /// It was answered.
    Answered,
    /// The service refused it: it is asked too often.
    Throttled,
    /// It did not answer in time.
    TimedOut,
    /// It says nothing of the service.
    Other,
}

/// A call that has ended.
#[derive(Debug, Clone, Copy)]
pub(in crate::sched) struct FarCall {
    /// When it took its lane.
    pub ordered: Moment,
    /// Time that the service had.
    pub took: Duration,
    pub end: FarEnd,
}

/// One service.
#[derive(Debug)]
struct Service {
    name: Arc<str>,
    share: f64,
    running: u32,
    /// Calls that have not ended.
    open: u64,
    /// Whether no sign of a limit has been seen.
    is_untried: bool,
    /// Whether calls take so long that the share does not grow.
    is_slow: bool,
    /// Calls that began before it say nothing new.
    cut_at: Option<Moment>,
    /// By the number of the tool.
    tools: BTreeMap<u32, LatencyBaseline>,
    recent: RecentRatios,
    /// The share that was told last.
    told: u32,
}

/// The services of the run.
#[derive(Debug, Default)]
pub(super) struct FarSide {
    numbers: BTreeMap<Arc<str>, ServiceNo>,
    services: Vec<Service>,
}

impl FarSide {
    /// Returns the number of a service.
    pub(super) fn number(&mut self, name: &Arc<str>) -> ServiceNo {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = ServiceNo(self.services.len() as u32);
        self.numbers.insert(Arc::clone(name), number);
        self.services.push(Service {
            name: Arc::clone(name),
            share: FIRST,
            running: 0,
            open: 0,
            is_untried: true,
            is_slow: false,
            cut_at: None,
            tools: BTreeMap::new(),
            recent: RecentRatios::default(),
            told: FIRST as u32,
        });
        number
    }

    fn service(&self, number: ServiceNo) -> &Service {
        &self.services[number.0 as usize]
    }

    fn service_mut(&mut self, number: ServiceNo) -> &mut Service {
        &mut self.services[number.0 as usize]
    }

    pub(super) fn opened(&mut self, number: ServiceNo) {
        self.service_mut(number).open += 1;
    }

    pub(super) fn closed(&mut self, number: ServiceNo) {
        self.service_mut(number).open -= 1;
    }

    pub(super) fn take(&mut self, number: ServiceNo) {
        self.service_mut(number).running += 1;
    }

    pub(super) fn release(&mut self, number: ServiceNo) {
        self.service_mut(number).running -= 1;
    }

    /// Returns whether as many of its calls run as may.
    pub(super) fn is_full(&self, number: ServiceNo) -> bool {
        let service = self.service(number);
        service.running >= service.whole()
    }

    /// Returns its name, how many of its calls run, and how many may.
    pub(super) fn share(&self, number: ServiceNo) -> ServiceShare {
        self.service(number).told_as(self.service(number).whole())
    }

    /// Returns the lanes of services that calls wait for or run at.
    pub(super) fn lanes(&self) -> u64 {
        let open = self.services.iter().filter(|it| it.open > 0);
        open.map(|it| u64::from(it.whole()).min(it.open)).sum()
    }

    /// Takes the end of a call that still counts as running. Returns why the
    /// share changed, if that is to be told at once.
    pub(super) fn ended(
        &mut self,
        number: ServiceNo,
        tool: u32,
        call: FarCall,
        now: Moment,
    ) -> Option<CapCause> {
        let service = self.service_mut(number);
        match call.end {
            FarEnd::Answered => service.answered(tool, call),
            FarEnd::Throttled => service.cut(call, now, CapCause::Throttled),
            FarEnd::TimedOut => service.cut(call, now, CapCause::ServiceTimedOut),
            FarEnd::Other => None,
        }
    }

    /// Returns the share of a service with the change since it was last told,
    /// which is told by that.
    pub(super) fn tell(&mut self, number: ServiceNo) -> ServiceShare {
        let service = self.service_mut(number);
        let before = service.told;
        service.told = service.whole();
        service.told_as(before)
    }

    /// Returns the services whose share has grown since it was last told.
    pub(super) fn grown(&self) -> Vec<ServiceNo> {
        let numbers = (0..).map(ServiceNo).zip(&self.services);
        let grown = numbers.filter(|(_, service)| service.whole() > service.told);
        grown.map(|(number, _)| number).collect()
    }
}

impl Service {
    fn whole(&self) -> u32 {
        (self.share as u32).max(1)
    }

    fn told_as(&self, before: u32) -> ServiceShare {
        ServiceShare {
            name: Arc::clone(&self.name),
            before,
            share: self.whole(),
            running: self.running,
            slowdown: self.recent.median(),
        }
    }

    fn answered(&mut self, tool: u32, call: FarCall) -> Option<CapCause> {
        if self.tools.len() < MOST_TOOLS || self.tools.contains_key(&tool) {
            let baseline = self.tools.entry(tool).or_default();
            self.recent.push(baseline.ratio(call.took));
        }
        let slowdown = self.recent.median().unwrap_or(1.0);
        self.is_untried &= slowdown <= NEAR;
        let was_slow = std::mem::replace(&mut self.is_slow, slowdown > SLOW);
        if self.is_slow {
            return (!was_slow).then_some(CapCause::ServiceSlow);
        }
        // Share that nobody uses is no proof that there could be more.
        if self.running >= self.whole() {
            self.share += if self.is_untried {
                1.0
            } else {
                1.0 / self.share
            };
        }
        None
    }

    fn cut(&mut self, call: FarCall, now: Moment, cause: CapCause) -> Option<CapCause> {
        self.is_untried = false;
        if self.cut_at.is_some_and(|at| call.ordered <= at) {
            return None;
        }
        self.cut_at = Some(now);
        self.told = self.whole();
        self.share = (self.share * CUT).max(1.0);
        Some(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from(Duration::from_millis(ms))
    }

    const FETCH: u32 = 0;

    fn call(ordered: u64, took: u64, end: FarEnd) -> FarCall {
        FarCall {
            ordered: at(ordered),
            took: Duration::from_millis(took),
            end,
        }
    }

    fn far_side(running: u32) -> (FarSide, ServiceNo) {
        let mut far = FarSide::default();
        let number = far.number(&"api.example.com".into());
        (0..running).for_each(|_| far.take(number));
        (far, number)
    }

    #[test]
    fn a_refusal_cuts_the_share_by_a_third_once_a_round_trip() {
        let (mut far, number) = far_side(12);
        far.service_mut(number).share = 12.0;
        let mut end = |ordered, now| {
            let call = call(ordered, 10, FarEnd::Throttled);
            let cause = far.ended(number, FETCH, call, at(now));
            (cause, far.tell(number).share)
        };
        assert_eq!(end(90, 100), (Some(CapCause::Throttled), 8));
        assert_eq!(end(95, 110), (None, 8), "sent before the cut");
        assert_eq!(end(100, 120), (None, 8), "sent before the cut");
        assert_eq!(end(120, 130), (Some(CapCause::Throttled), 5));
    }

    #[test]
    fn successes_double_it_at_first_and_add_one_a_round_trip_later() {
        let (mut far, number) = far_side(4);
        for _ in 0..4 {
            far.ended(number, FETCH, call(0, 100, FarEnd::Answered), at(100));
            far.take(number);
        }
        assert_eq!(far.share(number).share, 8);
        far.ended(number, FETCH, call(100, 100, FarEnd::TimedOut), at(200));
        let cut = far.share(number).share;
        for _ in 0..=cut {
            far.ended(number, FETCH, call(200, 100, FarEnd::Answered), at(300));
        }
        assert_eq!(far.share(number).share, cut + 1);
    }

    #[test]
    fn calls_that_queue_there_and_shares_that_are_not_used_add_nothing() {
        let (mut far, number) = far_side(4);
        let mut end = |took| {
            let cause = far.ended(number, FETCH, call(0, took, FarEnd::Answered), at(9));
            far.take(number);
            cause
        };
        (0..8).for_each(|_| assert_eq!(end(100), None));
        let told: Vec<CapCause> = (0..16).filter_map(|_| end(210)).collect();
        assert_eq!(told, [CapCause::ServiceSlow], "told once");
        let slow = far.share(number).share;
        far.ended(number, FETCH, call(0, 210, FarEnd::Answered), at(9));
        assert_eq!(far.share(number).share, slow);
        let (mut far, number) = far_side(3);
        far.ended(number, FETCH, call(0, 100, FarEnd::Answered), at(9));
        assert_eq!(far.share(number).share, 4);
    }
}
