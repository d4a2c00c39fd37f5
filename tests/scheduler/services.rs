//! The automatic cap and services on the far side, in virtual time, against the
//! best pinned cap.

use std::time::Duration;

use fanout::model::{
    CallId, Cap, CapCause, CapControl, CapStep, Epoch, Order, Outcome, Policy, ToolName,
};
use fanout::sched::{
    AttemptResult, CallSpec, Effect, Input, MachineReading, Scheduler, SchedulerSettings,
};

use crate::fluid::{exponential, generator};

/// The machine is read as often as a real one.
const READ_EVERY: f64 = 0.5;
const SERVICE: &str = "api.example.com";

/// A service to be.
#[derive(Debug, Clone)]
struct Service {
    /// Calls that it works on at once; others queue there.
    slots: usize,
    /// It refuses a call while so many are there.
    refuses_over: usize,
    /// Factor on its work in a time, in seconds.
    slower: Option<(f64, f64, f64)>,
}

/// A run to be.
#[derive(Debug, Clone)]
struct Trial {
    service: Service,
    /// Tool and seconds of work of each call.
    calls: Vec<(ToolName, f64)>,
}

#[derive(Debug)]
struct Sent {
    id: CallId,
    epoch: Epoch,
    left: f64,
    is_refused: bool,
}

/// How it went.
#[derive(Debug, Default)]
struct Went {
    makespan: f64,
    refused: usize,
    failed: usize,
    steps: Vec<(f64, CapStep)>,
}

struct Run<'t> {
    trial: &'t Trial,
    scheduler: Scheduler,
    sent: Vec<Sent>,
    now: f64,
    went: Went,
}

impl Trial {
    fn run(&self, cap: u32, control: CapControl) -> Went {
        let policy = Policy {
            cap: Cap::new(cap).expect("a cap above 0"),
            control,
            order: Order::Fifo,
            ..Policy::default()
        };
        let mut settings = SchedulerSettings::new(policy, generator(7));
        settings.cores = Some(2.0);
        let run = Run {
            trial: self,
            scheduler: Scheduler::new(settings),
            sent: Vec::new(),
            now: 0.0,
            went: Went::default(),
        };
        run.finish()
    }

    /// The automatic cap takes at most a fifth longer than the best pinned one.
    fn holds(&self, name: &str) -> Went {
        let caps = [1, 2, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64];
        let pinned = caps.map(|cap| (self.run(cap, CapControl::Pinned).makespan, cap));
        let best = pinned.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
        let (best, cap) = best.expect("caps");
        let auto = self.run(64, CapControl::Auto);
        assert!(
            auto.makespan <= best * 1.2,
            "{name}: {:.1} s against {best:.1} s at cap {cap}: {:#?}",
            auto.makespan,
            auto.steps
        );
        assert_eq!(auto.failed, 0, "{name}");
        auto
    }
}

impl Run<'_> {
    fn finish(mut self) -> Went {
        let calls = self.trial.calls.iter().enumerate();
        let specs = calls.map(|(index, (tool, _))| CallSpec {
            service: Some(SERVICE.into()),
            retries: 20,
            ..CallSpec::new(CallId::from_index(index), tool.clone())
        });
        let specs = specs.collect();
        self.tell(Input::CallsQueued(specs));
        let mut reading = READ_EVERY;
        while self.scheduler.open_calls() > 0 {
            let first = self.first_end();
            let due = self.scheduler.next_deadline().map(|at| at.as_secs_f64());
            let next = first.min(due.unwrap_or(f64::INFINITY)).min(reading);
            self.pass(next - self.now);
            self.now = next;
            if next >= reading {
                reading += READ_EVERY;
                let calm = MachineReading {
                    pressure: Some(0.0),
                    busy: Some(0.1),
                    ..MachineReading::default()
                };
                self.tell(Input::MachineRead(calm));
            }
            self.end_those_done();
            self.tell(Input::Ticked);
        }
        self.went.makespan = self.now;
        self.went
    }

    fn factor(&self) -> f64 {
        let slower = self.trial.service.slower;
        let now = slower.filter(|(_, from, until)| (*from..*until).contains(&self.now));
        now.map_or(1.0, |(factor, ..)| factor)
    }

    /// Those that the service works on: the first ones.
    fn worked_on(&self) -> usize {
        self.trial.service.slots.min(self.sent.len())
    }

    fn first_end(&self) -> f64 {
        let left = self.sent[..self.worked_on()].iter().map(|it| it.left);
        let refused = self.sent.iter().filter(|it| it.is_refused);
        let refused = refused.map(|it| it.left / self.factor());
        let first = left.chain(refused).fold(f64::INFINITY, f64::min);
        self.now + first * self.factor()
    }

    fn pass(&mut self, seconds: f64) {
        let worked_on = self.worked_on();
        let factor = self.factor();
        for (place, sent) in self.sent.iter_mut().enumerate() {
            if sent.is_refused {
                sent.left -= seconds;
            } else if place < worked_on {
                sent.left -= seconds / factor;
            }
        }
    }

    fn end_those_done(&mut self) {
        while let Some(at) = self.sent.iter().position(|it| it.left <= 1e-9) {
            let Sent {
                id,
                epoch,
                is_refused,
                ..
            } = self.sent.remove(at);
            let outcome = if is_refused {
                Outcome::Failed
            } else {
                Outcome::Succeeded
            };
            self.went.refused += usize::from(is_refused);
            let end = AttemptResult {
                is_throttled: is_refused,
                ..AttemptResult::plain(outcome)
            };
            self.tell(Input::AttemptEnded { id, epoch, end });
        }
    }

    fn tell(&mut self, input: Input) {
        let now = Duration::from_secs_f64(self.now);
        for effect in self.scheduler.step(now, input) {
            match effect {
                Effect::Start { id, epoch, .. } => self.send(id, epoch),
                Effect::StepCap(step) => self.went.steps.push((self.now, step)),
                Effect::Finished { outcome, .. } => {
                    self.went.failed += usize::from(!outcome.is_success());
                }
                _ => {}
            }
        }
    }

    /// A refusal comes at once and is no work.
    fn send(&mut self, id: CallId, epoch: Epoch) {
        let is_refused = self.sent.len() >= self.trial.service.refuses_over;
        let work = self.trial.calls[id.index()].1;
        self.sent.push(Sent {
            id,
            epoch,
            left: if is_refused { 0.02 } else { work },
            is_refused,
        });
    }
}

fn service(slots: usize) -> Service {
    Service {
        slots,
        refuses_over: usize::MAX,
        slower: None,
    }
}

fn calls(count: usize, seconds: f64) -> Vec<(ToolName, f64)> {
    let mut rng = generator(3);
    let work = (0..count).map(|_| seconds * 0.8 + exponential(&mut rng, seconds * 0.2));
    work.map(|work| (ToolName::new("fetch"), work)).collect()
}

#[test]
fn a_service_with_five_slots_and_a_queue() {
    let trial = Trial {
        service: service(5),
        calls: calls(300, 0.2),
    };
    let went = trial.holds("five slots");
    let most = went
        .steps
        .iter()
        .filter_map(|(_, step)| step.service.as_ref());
    let most = most.map(|service| service.share).max();
    assert!(most.is_some_and(|most| most <= 20), "{:#?}", went.steps);
}

#[test]
fn a_service_that_refuses_more_than_ten() {
    let trial = Trial {
        service: Service {
            refuses_over: 10,
            ..service(64)
        },
        calls: calls(600, 1.0),
    };
    let went = trial.holds("ten at once");
    let cuts = went.steps.iter();
    let cuts = cuts.filter(|(_, step)| step.cause == CapCause::Throttled);
    for (_, cut) in cuts.clone() {
        let service = cut.service.as_ref().expect("the share");
        let third = (f64::from(service.before) / 1.5) as u32;
        assert!(service.share.abs_diff(third) <= 1, "{cut}");
    }
    assert!(cuts.count() >= 1 && went.refused < 60, "{went:#?}");
}

#[test]
fn a_service_that_takes_twice_as_long_for_ten_seconds() {
    let trial = Trial {
        service: Service {
            slower: Some((2.2, 10.0, 20.0)),
            ..service(16)
        },
        calls: calls(1_000, 0.5),
    };
    trial.holds("slower for a while");
}

#[test]
fn ten_tools_behind_one_service() {
    let mut rng = generator(5);
    let calls = (0..600).map(|index| {
        let tool = index * 7 % 10;
        let work = 0.1 * f64::from(tool + 1) + exponential(&mut rng, 0.05);
        (ToolName::new(format!("tool-{tool}")), work)
    });
    let trial = Trial {
        service: service(8),
        calls: calls.collect(),
    };
    trial.holds("ten tools");
}

#[test]
fn a_service_without_a_limit_gets_every_lane_there_is() {
    let trial = Trial {
        service: service(1_000),
        calls: calls(2_000, 0.5),
    };
    trial.holds("no limit");
}
