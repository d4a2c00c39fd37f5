//! A made-up machine for the automatic cap: calls share its cores like fluids.
//!
//! Each call would take its `alone` and keep `share` of a core busy while
//! nothing is in its way. Beyond the cores everything that could run slows
//! down alike, and switching costs: the cores' use falls to
//! `1 / (1 + 0.3 (R - C) / C)` for `R` that could run on `C` cores. The
//! pressure is what Linux tells in that case, `(R - C) / C`.

use std::time::Duration;

use fanout::model::{
    ArgsFingerprint, CallId, Cap, CapControl, CapStep, Epoch, Order, Outcome, Policy, ToolName,
};
use fanout::sched::{
    AttemptResult, CallReading, CallSpec, DecisionRecord, Effect, Input, MachineReading, Replay,
    ResourceUsage, Scheduler, SchedulerSettings,
};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

const READ_EVERY: f64 = 0.5;
/// What switching costs.
const COST: f64 = 0.3;

/// One call to be.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub tool: &'static str,
    /// What its arguments say, where calls are told apart by them.
    pub args: Option<&'static str>,
    /// Seconds it takes while nothing is in its way.
    pub alone: f64,
    /// Cores it keeps busy meanwhile.
    pub share: f64,
}

/// What the scheduler is told of the time calls waited for a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// The truth.
    Seen,
    /// Nothing: only attempts on a calm machine tell anything.
    Unseen,
    /// That they never waited, as if CPU time by run time were the need of a
    /// call: the naive way.
    Denied,
}

impl Waits {
    fn told(self, waited: f64) -> Option<Duration> {
        match self {
            Self::Seen => Some(Duration::from_secs_f64(waited)),
            Self::Unseen => None,
            Self::Denied => Some(Duration::ZERO),
        }
    }
}

/// What the scheduler is told of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readings {
    /// The truth.
    True,
    /// Nothing but busy cores.
    NoPressure,
    /// Nothing at all.
    None,
}

/// A run to be.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    pub cores: f64,
    pub works: Vec<Work>,
    pub cap: u32,
    pub control: CapControl,
    pub waits: Waits,
    pub readings: Readings,
    /// Other programs that come and go.
    pub foreign: Vec<Foreign>,
}

/// Another program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foreign {
    /// Cores that it would keep busy.
    pub cores: f64,
    /// When it comes, in seconds.
    pub from: f64,
    /// When it leaves.
    pub until: f64,
}

/// How it went.
#[derive(Debug)]
pub(crate) struct Went {
    pub makespan: f64,
    /// Makespan by the least it could be.
    pub ratio: f64,
    /// The longest any call took by what it would take alone.
    pub stretch: f64,
    pub steps: Vec<(f64, CapStep)>,
    pub most_running: usize,
    /// How many ran after each change of that.
    pub running: Vec<(f64, usize)>,
}

struct Running {
    id: CallId,
    epoch: Epoch,
    begun: f64,
    left: f64,
    cpu: f64,
    waited: f64,
}

/// How fast everything goes at one moment.
struct Flow {
    slowdown: f64,
    pressure: f64,
    busy: f64,
    efficiency: f64,
}

/// Draws from 0 to 1.
pub(crate) fn uniform(rng: &mut Pcg64Mcg) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Draws from an exponential distribution, not below a tenth of its mean.
pub(crate) fn exponential(rng: &mut Pcg64Mcg, mean: f64) -> f64 {
    (-mean * (1.0 - uniform(rng)).ln()).max(mean * 0.1)
}

pub(crate) fn generator(seed: u64) -> Pcg64Mcg {
    Pcg64Mcg::seed_from_u64(seed)
}

struct Machine {
    trial: Trial,
    scheduler: Scheduler,
    replay: Replay,
    running: Vec<Running>,
    now: f64,
    went: Went,
    sums: (f64, f64, f64),
}

impl Trial {
    /// The least it could take: all cores busy, or its longest call.
    fn least(&self) -> f64 {
        let cpu: f64 = self.works.iter().map(|it| it.share * it.alone).sum();
        let longest = self.works.iter().map(|it| it.alone).fold(0.0, f64::max);
        longest.max(cpu / self.cores)
    }

    pub(crate) fn run(&self) -> Went {
        let policy = Policy {
            cap: Cap::new(self.cap).expect("a cap above 0"),
            control: self.control,
            order: Order::Fifo,
            ..Policy::default()
        };
        let mut settings = SchedulerSettings::new(policy, generator(0));
        settings.cores = Some(self.cores);
        let mut replay = Replay::default();
        let begun = DecisionRecord::Begun(Box::new(settings.clone()));
        replay.step(begun).expect("a beginning");
        let machine = Machine {
            trial: self.clone(),
            scheduler: Scheduler::new(settings),
            replay,
            running: Vec::new(),
            now: 0.0,
            went: Went {
                makespan: 0.0,
                ratio: 0.0,
                stretch: 0.0,
                steps: Vec::new(),
                most_running: 0,
                running: Vec::new(),
            },
            sums: (0.0, 0.0, 0.0),
        };
        machine.run()
    }
}

impl Machine {
    fn run(mut self) -> Went {
        let works = self.trial.works.iter().enumerate();
        let specs = works.map(|(index, work)| {
            let args = work.args.map(|it| ArgsFingerprint::of(&it.into()));
            CallSpec {
                args,
                ..CallSpec::new(CallId::from_index(index), ToolName::new(work.tool))
            }
        });
        let specs = specs.collect();
        self.tell(Input::CallsQueued(specs));
        let mut next_reading = READ_EVERY;
        while self.scheduler.open_calls() > 0 {
            let flow = self.flow();
            let first = self.running.iter().map(|it| it.left * self.pace(it, &flow));
            let first = first.fold(f64::INFINITY, f64::min);
            let due = next_reading - self.now;
            self.pass(first.min(due), &flow);
            if due <= first {
                self.read();
                next_reading += READ_EVERY;
            }
            self.end_those_done();
        }
        self.went.makespan = self.now;
        self.went.ratio = self.now / self.trial.least();
        self.went
    }

    fn work(&self, running: &Running) -> &Work {
        &self.trial.works[running.id.index()]
    }

    /// Seconds that a second's worth of a call takes now.
    fn pace(&self, running: &Running, flow: &Flow) -> f64 {
        let share = self.work(running).share;
        (1.0 - share) + share * flow.slowdown
    }

    fn foreign(&self) -> f64 {
        let all = self.trial.foreign.iter();
        let there = all.filter(|it| (it.from..it.until).contains(&self.now));
        there.map(|it| it.cores).sum()
    }

    /// The slowdown at which all cores are used up, found by halving.
    fn flow(&self) -> Flow {
        let cores = self.trial.cores;
        let shares: Vec<f64> = self.running.iter().map(|it| self.work(it).share).collect();
        let at = |slowdown: f64| {
            let demand = |share: f64| share * slowdown / ((1.0 - share) + share * slowdown);
            let runnable: f64 = shares.iter().map(|it| demand(*it)).sum::<f64>() + self.foreign();
            let beyond = ((runnable - cores) / cores).max(0.0);
            let efficiency = 1.0 / (1.0 + COST * beyond);
            (
                runnable,
                runnable / slowdown - cores * efficiency,
                beyond,
                efficiency,
            )
        };
        let (mut low, mut high) = (1.0, 1.0);
        if at(1.0).1 > 0.0 {
            while at(high).1 > 0.0 {
                high *= 2.0;
            }
            for _ in 0..50 {
                let middle = f64::midpoint(low, high);
                if at(middle).1 > 0.0 {
                    low = middle;
                } else {
                    high = middle;
                }
            }
        }
        let (runnable, _, beyond, efficiency) = at(high);
        Flow {
            slowdown: high,
            pressure: beyond.min(1.0),
            busy: (runnable / cores).min(1.0),
            efficiency,
        }
    }

    fn pass(&mut self, seconds: f64, flow: &Flow) {
        self.now += seconds;
        self.sums.0 += seconds * flow.pressure;
        self.sums.1 += seconds * flow.busy;
        self.sums.2 += seconds;
        let works = &self.trial.works;
        for running in &mut self.running {
            let share = works[running.id.index()].share;
            let pace = (1.0 - share) + share * flow.slowdown;
            let on_core = share / pace / flow.efficiency;
            running.left -= seconds / pace;
            running.cpu += seconds * on_core;
            running.waited += seconds * (share * flow.slowdown / pace - on_core).max(0.0);
        }
    }

    fn read(&mut self) {
        let (stalled, busy, seconds) = std::mem::take(&mut self.sums);
        let waits = self.trial.waits;
        let calls = self.running.iter().map(|running| CallReading {
            id: running.id,
            epoch: running.epoch,
            cpu: Duration::from_secs_f64(running.cpu),
            waited: waits.told(running.waited),
            rss_bytes: 1 << 20,
        });
        let reading = MachineReading {
            pressure: (self.trial.readings == Readings::True).then_some(stalled / seconds),
            busy: (self.trial.readings != Readings::None).then_some(busy / seconds),
            calls: calls.collect(),
            ..MachineReading::default()
        };
        self.tell(Input::MachineRead(reading));
    }

    fn end_those_done(&mut self) {
        while let Some(at) = self.running.iter().position(|it| it.left <= 1e-9) {
            let ended = self.running.swap_remove(at);
            let took = self.now - ended.begun;
            let stretch = took / self.trial.works[ended.id.index()].alone;
            self.went.stretch = self.went.stretch.max(stretch);
            let waited = self.trial.waits.told(ended.waited);
            let end = AttemptResult {
                used: Some(ResourceUsage {
                    cpu: Duration::from_secs_f64(ended.cpu),
                    waited,
                    peak_rss_bytes: None,
                }),
                ..AttemptResult::plain(Outcome::Succeeded)
            };
            let (id, epoch) = (ended.id, ended.epoch);
            self.tell(Input::AttemptEnded { id, epoch, end });
        }
    }

    /// Tells the scheduler; what it orders must be what a replay orders.
    fn tell(&mut self, input: Input) {
        let now = Duration::from_secs_f64(self.now);
        let effects = self.scheduler.step(now, input.clone());
        let taped = DecisionRecord::Stepped {
            now,
            input,
            effects: effects.clone(),
        };
        self.replay.step(taped).expect("a replay goes the same way");
        for effect in effects {
            match effect {
                Effect::Start { id, epoch, .. } => self.running.push(Running {
                    id,
                    epoch,
                    begun: self.now,
                    left: self.trial.works[id.index()].alone,
                    cpu: 0.0,
                    waited: 0.0,
                }),
                Effect::StepCap(step) => self.went.steps.push((self.now, step)),
                _ => {}
            }
        }
        let running = self.running.len();
        assert!(
            running <= self.trial.cap as usize,
            "above the user's ceiling"
        );
        let waits = self.scheduler.queue().len();
        assert!(running > 0 || waits == 0, "all stands still");
        self.went.most_running = self.went.most_running.max(running);
        if self.went.running.last().is_none_or(|it| it.1 != running) {
            self.went.running.push((self.now, running));
        }
    }
}

impl Went {
    /// Mean number of calls that ran between two times.
    pub(crate) fn mean_running(&self, from: f64, until: f64) -> f64 {
        let ends = self.running.iter().skip(1).map(|it| it.0);
        let spans = self.running.iter().zip(ends.chain([f64::INFINITY]));
        let sum: f64 = spans
            .map(|((begun, running), ended)| {
                *running as f64 * (ended.min(until) - begun.max(from)).max(0.0)
            })
            .sum();
        sum / (until - from)
    }

    /// How often the trim turned round within ten seconds of its last turn,
    /// after `from`.
    pub(crate) fn quick_turns(&self, from: f64) -> usize {
        let trims = self
            .steps
            .iter()
            .filter_map(|(at, step)| Some((*at, step.auto?.trim)));
        let mut before: Option<(f64, bool)> = None;
        let mut quick = 0;
        let mut turned_at: Option<f64> = None;
        for (at, trim) in trims {
            if let Some((old, was_up)) = before {
                if trim.to_bits() != old.to_bits() {
                    let is_up = trim > old;
                    if is_up != was_up && at >= from {
                        quick += usize::from(turned_at.is_some_and(|then| at - then < 10.0));
                        turned_at = Some(at);
                    }
                    before = Some((trim, is_up));
                }
            } else {
                before = Some((trim, trim > 1.0));
            }
        }
        quick
    }
}
