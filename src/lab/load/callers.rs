//! The callers of a closed loop and the schedule of an open one: each says which
//! call is due, and since when.

use std::collections::VecDeque;
use std::time::Duration;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::{Arrivals, CallRate, LoadLevel, LoadRequest};
use crate::model::Cap;

/// A call that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DueCall {
    /// The place that it takes among those that run at once.
    pub(super) place: usize,
    /// The time at which it should start, on the run's clock.
    pub(super) since: Duration,
}

/// The calls of a step that are still to come.
#[derive(Debug)]
pub(super) struct Callers {
    kind: Kind,
    /// Calls that may still come.
    left: Option<u64>,
    /// No call comes from this time on.
    until: Option<Duration>,
    is_stopped: bool,
}

#[derive(Debug)]
enum Kind {
    Closed {
        /// Callers that are free, each from when on, the first first.
        free: VecDeque<(Duration, usize)>,
        /// Number of callers that are wanted.
        wanted: usize,
        think: Duration,
    },
    Open {
        schedule: Schedule,
        next: Duration,
        /// Places that are free.
        free: Vec<usize>,
    },
}

impl Callers {
    /// The callers of a step that begins now. `calls` limits their number.
    pub(super) fn new(
        request: &LoadRequest,
        level: LoadLevel,
        calls: Option<u64>,
        now: Duration,
    ) -> Self {
        let kind = match level {
            LoadLevel::Cap(cap) => {
                let wanted = cap.get() as usize;
                Kind::Closed {
                    free: (0..wanted).map(|place| (now, place)).collect(),
                    wanted,
                    think: request.think,
                }
            }
            LoadLevel::Rate(rate) => Kind::Open {
                schedule: Schedule::new(rate, request.arrivals, request.seed),
                next: now,
                free: (0..Cap::MAX as usize).rev().collect(),
            },
        };
        Self {
            kind,
            left: calls,
            until: request.time.map(|time| now + time),
            is_stopped: false,
        }
    }

    /// Lifts the limit on the time: each of the calls comes.
    pub(super) fn without_time(mut self) -> Self {
        self.until = None;
        self
    }

    /// Takes the next call that is due by now.
    pub(super) fn take(&mut self, now: Duration) -> Option<DueCall> {
        if self.is_done(now) {
            return None;
        }
        let due = match &mut self.kind {
            Kind::Closed { free, .. } => {
                let (since, place) = *free.front().filter(|(at, _)| *at <= now)?;
                free.pop_front();
                DueCall { place, since }
            }
            Kind::Open {
                schedule,
                next,
                free,
            } => {
                let since = Some(*next).filter(|at| *at <= now)?;
                let place = free.pop()?;
                *next += schedule.next();
                DueCall { place, since }
            }
        };
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        Some(due)
    }

    /// Returns the time of the next call; `None` where it waits for an end.
    pub(super) fn wake(&self) -> Option<Duration> {
        match &self.kind {
            Kind::Closed { free, .. } => free.front().map(|(at, _)| *at),
            Kind::Open { next, free, .. } => (!free.is_empty()).then_some(*next),
        }
    }

    /// Notes that the call of a place has ended.
    pub(super) fn ended(&mut self, place: usize, at: Duration) {
        match &mut self.kind {
            Kind::Closed {
                free,
                wanted,
                think,
                ..
            } => {
                if place < *wanted {
                    free.push_back((at + *think, place));
                }
            }
            Kind::Open { free, .. } => free.push(place),
        }
    }

    /// Changes the number of callers of a closed loop. Those that are too many
    /// end with their call.
    pub(super) fn resize(
        &mut self,
        callers: usize,
        now: Duration,
        is_busy: impl Fn(usize) -> bool,
    ) {
        let Kind::Closed { free, wanted, .. } = &mut self.kind else {
            return;
        };
        free.retain(|(_, place)| *place < callers);
        for place in *wanted..callers {
            if !is_busy(place) {
                free.push_back((now, place));
            }
        }
        *wanted = callers;
    }

    /// Sets the limits anew.
    pub(super) fn limit(&mut self, calls: Option<u64>, time: Option<Duration>, now: Duration) {
        self.left = calls;
        self.until = time.map(|time| now + time);
    }

    /// Lets no call come any more.
    pub(super) fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// Returns whether no call comes any more.
    pub(super) fn is_done(&self, now: Duration) -> bool {
        let is_late = |until: Duration| match &self.kind {
            Kind::Closed { .. } => now >= until,
            // What was due before is late, and comes all the same.
            Kind::Open { next, .. } => *next >= until,
        };
        self.is_stopped || self.left == Some(0) || self.until.is_some_and(is_late)
    }
}

/// The times between the calls of an open loop.
#[derive(Debug)]
struct Schedule {
    interval: Duration,
    random: Option<Pcg64Mcg>,
}

impl Schedule {
    fn new(rate: CallRate, arrivals: Arrivals, seed: u64) -> Self {
        Self {
            interval: rate.interval(),
            random: (arrivals == Arrivals::Poisson).then(|| Pcg64Mcg::seed_from_u64(seed)),
        }
    }

    fn next(&mut self) -> Duration {
        let Some(random) = &mut self.random else {
            return self.interval;
        };
        // The upper 53 bits, as a number from 0 to below 1.
        let part = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        self.interval.mul_f64(-(1.0 - part).ln())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    fn request() -> LoadRequest {
        LoadRequest::usual("t", Vec::new())
    }

    #[test]
    fn a_caller_calls_again_when_its_last_call_has_ended() {
        let level = LoadLevel::Cap(Cap::new(2).expect("a cap"));
        let mut request = request();
        request.think = ms(5);
        let mut callers = Callers::new(&request, level, Some(3), ms(10));
        let due = |place, since| {
            Some(DueCall {
                place,
                since: ms(since),
            })
        };
        assert_eq!(callers.take(ms(10)), due(0, 10));
        assert_eq!(callers.take(ms(10)), due(1, 10));
        assert_eq!((callers.take(ms(11)), callers.wake()), (None, None));
        callers.ended(1, ms(20));
        assert_eq!((callers.take(ms(24)), callers.wake()), (None, Some(ms(25))));
        assert_eq!(callers.take(ms(26)), due(1, 25), "due since it was free");
        callers.ended(0, ms(30));
        assert!(callers.is_done(ms(30)) && callers.take(ms(99)).is_none());
    }

    #[test]
    fn more_and_fewer_callers_call_from_now_on() {
        let level = LoadLevel::Cap(Cap::new(2).expect("a cap"));
        let mut callers = Callers::new(&request(), level, None, ms(0));
        assert!(callers.take(ms(0)).is_some() && callers.take(ms(0)).is_some());
        callers.resize(1, ms(1), |_| true);
        callers.ended(1, ms(2));
        assert_eq!(callers.take(ms(3)), None, "the second caller has gone");
        callers.resize(3, ms(4), |place| place == 0);
        let places = [callers.take(ms(4)), callers.take(ms(4))].map(|it| it.map(|it| it.place));
        assert_eq!(places, [Some(1), Some(2)]);
        assert_eq!(callers.take(ms(5)), None);
    }

    #[test]
    fn a_schedule_goes_on_whatever_the_calls_do() {
        let level = LoadLevel::Rate(CallRate::new(50.0).expect("a rate"));
        let mut request = request();
        request.time = Some(ms(60));
        let mut callers = Callers::new(&request, level, None, ms(0));
        let since: Vec<u64> = std::iter::from_fn(|| callers.take(ms(500)))
            .map(|due| due.since.as_millis() as u64)
            .collect();
        assert_eq!(since, [0, 20, 40], "what is late comes all the same");
        assert!(callers.is_done(ms(500)));
    }

    #[test]
    fn random_arrivals_have_the_rate_and_depend_on_the_seed() {
        let rate = CallRate::new(100.0).expect("a rate");
        let mean = |seed| {
            let mut schedule = Schedule::new(rate, Arrivals::Poisson, seed);
            let sum: Duration = (0..10_000).map(|_| schedule.next()).sum();
            sum.as_secs_f64() / 10_000.0
        };
        assert!((mean(1) - 0.01).abs() < 0.001 && (mean(1) - mean(2)).abs() > 0.0);
    }
}
