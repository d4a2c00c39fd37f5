//! Runs a random history and compares, after each step, the scheduler with
//! the reference and with the laws.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fanout::model::{
    CallId, CallState, Epoch, FailurePolicy, Order, Outcome, Policy, RunPhase, StopCause,
};
use fanout::sched::{
    AttemptResult, CallSpec, Effect, Force, Input, MachineReading, ResourceUsage, Scheduler,
    SchedulerSettings,
};

use crate::faults::Fault;
use crate::generator::{Choices, locks, seed, settings, spec};
use crate::laws::Laws;
use crate::reference::Reference;
use crate::scenario::{Told, written};

/// A random history: what the words mean is decided as it goes.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    pub setup: u64,
    pub calls: Vec<u64>,
    pub steps: Vec<u64>,
}

/// What stands between the cause of a failure and its scenario.
pub(crate) const SCENARIO: &str = "\nas a scenario:\n";

struct History {
    fault: Option<Fault>,
    settings: SchedulerSettings,
    specs: Vec<CallSpec>,
    queued: usize,
    is_forward: bool,
    now: Duration,
    scheduler: Scheduler,
    reference: Reference,
    laws: Laws,
    unresolved: Vec<CallId>,
    epochs: BTreeMap<CallId, Epoch>,
    told: Vec<Told>,
}

/// A machine on which nothing more should start, if the cap were automatic.
fn pressed() -> Input {
    Input::MachineRead(MachineReading {
        pressure: Some(0.9),
        busy: Some(1.0),
        memory_available_bytes: Some(1),
        memory_total_bytes: Some(1 << 30),
        ..MachineReading::default()
    })
}

/// Runs a history to its end; the panic of a difference carries it as a
/// scenario file.
pub(crate) fn run(words: &Words) {
    run_with(words, None);
}

/// Runs a history with a scheduler that errs, where a fault is given.
pub(crate) fn run_with(words: &Words, fault: Option<Fault>) {
    let mut history = History::new(words, fault);
    let result = catch_unwind(AssertUnwindSafe(|| {
        for word in &words.steps {
            history.random_step(Choices(*word));
        }
        history.close();
    }));
    if let Err(cause) = result {
        let text = written(
            seed(words.setup),
            &history.settings,
            &history.specs,
            &history.told,
        );
        let cause = cause
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        panic!("{}{SCENARIO}{text}", cause.unwrap_or_default());
    }
}

impl History {
    fn new(words: &Words, fault: Option<Fault>) -> Self {
        let (settings, is_forward) = settings(words.setup);
        let count = words.calls.len();
        let calls = words.calls.iter().enumerate();
        let specs = calls.map(|(index, word)| spec(*word, index, count, is_forward));
        let own = settings.clone();
        let own = fault.map_or(own.clone(), |fault| fault.settings(own));
        Self {
            fault,
            specs: specs.collect(),
            queued: 0,
            is_forward,
            now: Duration::ZERO,
            scheduler: Scheduler::new(own),
            reference: Reference::new(settings.clone()),
            laws: Laws::new(&settings),
            unresolved: Vec::new(),
            epochs: BTreeMap::new(),
            told: Vec::new(),
            settings,
        }
    }

    fn step(&mut self, at: Duration, input: &Input) {
        self.now = self.now.max(at);
        self.laws.told(at, input);
        let heard = match self.fault {
            Some(fault) => fault.input(input.clone(), &self.scheduler),
            None => input.clone(),
        };
        let effects = self.scheduler.step(at, heard);
        self.told.push(Told {
            at,
            input: input.clone(),
            effects: effects.clone(),
        });
        for effect in &effects {
            match effect {
                Effect::Start { id, epoch, .. } => {
                    self.epochs.insert(*id, *epoch);
                }
                Effect::ResolveLocks { id } => self.unresolved.push(*id),
                _ => {}
            }
        }
        self.laws.ordered(&effects, &self.scheduler);
        let expected = self.reference.step(at, input);
        assert_eq!(effects, expected, "effects of {input:?} at {at:?}");
        self.compare();
    }

    fn compare(&self) {
        let (scheduler, reference) = (&self.scheduler, &self.reference);
        assert_eq!(scheduler.phase(), reference.phase(), "phase");
        assert_eq!(
            scheduler.queue(),
            reference.queue_in_order(),
            "order of the queue"
        );
        for call in &reference.calls {
            let id = call.spec.id;
            assert_eq!(
                scheduler.why_waiting(id),
                reference.why_waiting(id),
                "why {id} waits"
            );
        }
        let running: Vec<CallId> = scheduler.lanes().iter().flatten().copied().collect();
        assert_eq!(running, reference.by_lane(), "lanes");
        let (due, needed) = (scheduler.next_deadline(), reference.next_needed());
        assert!(
            needed.is_none_or(|needed| due.is_some_and(|due| due <= needed)),
            "next deadline is {due:?}, needed is {needed:?}"
        );
    }

    fn random_step(&mut self, mut choices: Choices) {
        let ahead = choices.pick(&[0, 0, 0, 100, 500, 1_000, 3_000, 70_000]);
        let mut at = self.now + Duration::from_millis(ahead);
        match choices.below(8) {
            1 => at = self.scheduler.next_deadline().unwrap_or(at),
            2 => at = at.saturating_sub(Duration::from_millis(900)),
            _ => {}
        }
        let input = self.random_input(&mut choices);
        if let Input::CallsQueued(specs) = &input {
            let new = specs
                .iter()
                .filter(|spec| spec.id.index() >= self.queued)
                .count();
            self.queued += new;
        }
        self.step(at, &input);
    }

    fn random_input(&mut self, choices: &mut Choices) -> Input {
        if self.queued == 0 || (self.queued < self.specs.len() && choices.below(4) == 0) {
            return self.next_batch(choices);
        }
        match choices.below(32) {
            0 => choices.pick(&[Input::Ticked, pressed()]),
            6 => {
                let (id, epoch) = self.attempt(choices);
                Input::QuestionAsked { id, epoch }
            }
            7 => {
                let (id, epoch) = self.attempt(choices);
                Input::QuestionAnswered { id, epoch }
            }
            8..=15 => self.ended(choices),
            16 | 17 => self.cancelled(choices),
            18 | 19 => self.policy(choices),
            20 => Input::Paused,
            21 => Input::Resumed,
            22 => {
                let (id, epoch) = self.attempt(choices);
                Input::OutputSeen { id, epoch }
            }
            23 => Input::CallMoved {
                id: self.any_call(choices),
                before: (choices.below(4) > 0).then(|| self.any_call(choices)),
            },
            24 => Input::PriorityChanged {
                id: self.any_call(choices),
                priority: choices.pick(&[1, 0, 2]),
            },
            25 => Input::RunNextRequested {
                id: self.any_call(choices),
            },
            26..=28 => self.locks_resolved(choices),
            29 => self.doubled(choices),
            30 if choices.below(6) == 1 => Input::ShutdownRequested,
            31 if choices.below(6) == 1 => Input::DrainRequested,
            30 | 31 => Input::CallsWithdrawn(vec![self.any_call(choices)]),
            _ => self.started(choices),
        }
    }

    /// The next calls, and at times ones that were queued before.
    fn next_batch(&mut self, choices: &mut Choices) -> Input {
        let left = self.specs.len() - self.queued;
        let count = if self.is_forward {
            left
        } else {
            choices.below(4) + 1
        };
        let first = self.queued.saturating_sub(choices.below(2));
        let end = (self.queued + count).min(self.specs.len());
        Input::CallsQueued(self.specs[first..end].to_vec())
    }

    fn any_call(&self, choices: &mut Choices) -> CallId {
        CallId::from_index(choices.below(self.specs.len() as u64 + 1))
    }

    /// A running attempt; at times one that is over, or none.
    fn attempt(&self, choices: &mut Choices) -> (CallId, Epoch) {
        let running: Vec<CallId> = self.scheduler.lanes().iter().flatten().copied().collect();
        if running.is_empty() || choices.below(10) == 9 {
            let id = self.any_call(choices);
            let epoch = Epoch(choices.below(12) as u64);
            return (id, epoch);
        }
        let id = choices.pick(&running);
        let epoch = self.epochs.get(&id).copied().unwrap_or_default();
        let stale = u64::from(choices.below(12) == 11);
        (id, Epoch(epoch.0 - stale))
    }

    fn started(&self, choices: &mut Choices) -> Input {
        let (id, epoch) = self.attempt(choices);
        Input::AttemptStarted { id, epoch }
    }

    fn ended(&self, choices: &mut Choices) -> Input {
        let (id, epoch) = self.attempt(choices);
        let end = AttemptResult {
            is_throttled: false,
            outcome: choices.pick(&[
                Outcome::Succeeded,
                Outcome::Succeeded,
                Outcome::Succeeded,
                Outcome::Failed,
                Outcome::Failed,
                Outcome::Leaked,
                Outcome::Unconfirmed,
                Outcome::Lost,
            ]),
            is_retryable: choices.below(6) != 5,
            retry_after: (choices.below(8) == 7).then_some(Duration::from_millis(1_700)),
            // A pinned cap must not care what calls are seen to need.
            used: (choices.below(4) == 3).then_some(ResourceUsage {
                cpu: Duration::from_millis(900),
                waited: Some(Duration::from_millis(100)),
                peak_rss_bytes: Some(1 << 40),
            }),
        };
        Input::AttemptEnded { id, epoch, end }
    }

    fn cancelled(&self, choices: &mut Choices) -> Input {
        let force = choices.pick(&[Force::Ladder, Force::Ladder, Force::Kill]);
        let mut ids = vec![self.any_call(choices)];
        match choices.below(8) {
            6 => ids.push(self.any_call(choices)),
            7 => ids = (0..self.specs.len()).map(CallId::from_index).collect(),
            _ => {}
        }
        Input::CancelRequested {
            ids,
            cause: StopCause::User,
            force,
        }
    }

    fn policy(&self, choices: &mut Choices) -> Input {
        let mut policy: Policy = self.scheduler.policy();
        match choices.below(4) {
            0 => policy.cap = policy.cap.raised(),
            1 => policy.cap = policy.cap.lowered(),
            2 => {
                policy.on_failure = choices.pick(&[
                    FailurePolicy::Skip,
                    FailurePolicy::Continue,
                    FailurePolicy::Stop,
                ]);
            }
            _ => policy.order = choices.pick(&[Order::CriticalPath, Order::Fifo]),
        }
        Input::PolicyChanged(policy)
    }

    fn locks_resolved(&mut self, choices: &mut Choices) -> Input {
        let id = match self.unresolved.pop() {
            Some(id) if choices.below(6) != 5 => id,
            Some(id) => {
                self.unresolved.push(id);
                self.any_call(choices)
            }
            None => self.any_call(choices),
        };
        let locks = locks(choices);
        Input::LocksResolved { id, locks }
    }

    /// An input that was told before.
    fn doubled(&self, choices: &mut Choices) -> Input {
        let told = &self.told[choices.below(self.told.len() as u64)];
        told.input.clone()
    }

    /// Lets everything come to its end: whatever happened before, a run whose
    /// attempts end must end.
    fn close(&mut self) {
        if self.queued < self.specs.len() {
            let rest = self.specs[self.queued..].to_vec();
            self.queued = self.specs.len();
            self.step(self.now, &Input::CallsQueued(rest));
        }
        if self.scheduler.phase() != RunPhase::ShuttingDown {
            self.step(self.now, &Input::Resumed);
        }
        for _ in 0..400 {
            if self.scheduler.open_calls() == 0 {
                return;
            }
            let (at, input) = self.next_of_close();
            self.step(at, &input);
        }
        panic!(
            "the run does not end: {} calls are open",
            self.scheduler.open_calls()
        );
    }

    fn next_of_close(&mut self) -> (Duration, Input) {
        let ids = (0..self.specs.len()).map(CallId::from_index);
        for id in ids {
            let Some(state) = self.scheduler.state(id) else {
                continue;
            };
            match state {
                CallState::Starting { epoch, .. } => {
                    return (self.now, Input::AttemptStarted { id, epoch });
                }
                CallState::Running { epoch, .. } | CallState::Stopping { epoch, .. } => {
                    let end = AttemptResult::plain(Outcome::Succeeded);
                    let at = self.now + Duration::from_millis(50);
                    return (at, Input::AttemptEnded { id, epoch, end });
                }
                CallState::Queued | CallState::Retrying { .. } | CallState::Ended(_) => {}
            }
        }
        if let Some(id) = self.unresolved.pop() {
            let locks = self.specs[id.index()].locks.clone();
            return (self.now, Input::LocksResolved { id, locks });
        }
        let due = self.scheduler.next_deadline();
        (
            due.expect("something is due where nothing runs"),
            Input::Ticked,
        )
    }
}
