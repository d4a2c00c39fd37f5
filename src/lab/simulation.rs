//! A run in virtual time, by the scheduler of real runs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::{SimulatedRun, SimulationInput};
use crate::model::{CallId, Cap, Epoch, Outcome};
use crate::sched::{AttemptResult, CallSpec, Effect, Input, Scheduler};

/// An attempt that will end.
type SimulatedEnd = Reverse<(Duration, Epoch, CallId)>;

/// Lets every call run its time; nothing fails but what exceeds its timeout.
pub fn simulate(input: &SimulationInput) -> SimulatedRun {
    let mut simulation = Simulation::new(input);
    simulation.begin();
    while let Some(now) = simulation.next() {
        simulation.pass(now);
    }
    simulation.run()
}

struct Simulation<'c> {
    input: &'c SimulationInput,
    scheduler: Scheduler,
    ends: BinaryHeap<SimulatedEnd>,
    now: Duration,
    spans: Vec<Option<(Duration, Duration)>>,
    stopped: Vec<CallId>,
    busy: u32,
    lane_time: Duration,
    steps: usize,
}

impl<'c> Simulation<'c> {
    fn new(input: &'c SimulationInput) -> Self {
        let mut settings = input.settings.clone();
        // Those that run already hold a lane, however low the cap is now.
        let running = Cap::new(input.running as u32).unwrap_or(settings.policy.cap);
        settings.policy.cap = settings.policy.cap.max(running);
        Self {
            input,
            scheduler: Scheduler::new(settings),
            ends: BinaryHeap::new(),
            now: Duration::ZERO,
            spans: vec![None; input.calls.len()],
            stopped: Vec::new(),
            busy: 0,
            lane_time: Duration::ZERO,
            steps: 0,
        }
    }

    fn begin(&mut self) {
        let (running, waiting) = self.input.calls.split_at(self.input.running);
        let specs = |calls: &[super::SimulatedCall]| -> Vec<CallSpec> {
            calls.iter().map(|call| call.spec.clone()).collect()
        };
        let (running, waiting) = (specs(running), specs(waiting));
        if !running.is_empty() {
            self.tell(Input::CallsQueued(running));
            self.tell(Input::PolicyChanged(self.input.settings.policy));
        }
        self.tell(Input::CallsQueued(waiting));
    }

    /// When something happens next.
    fn next(&self) -> Option<Duration> {
        let end = self.ends.peek().map(|Reverse((at, ..))| *at);
        let due = self.scheduler.next_deadline();
        end.into_iter().chain(due).min()
    }

    fn pass(&mut self, now: Duration) {
        self.lane_time += now.saturating_sub(self.now) * self.busy;
        self.now = now;
        match self.ends.peek() {
            Some(Reverse((at, epoch, id))) if *at <= now => {
                let (epoch, id) = (*epoch, *id);
                self.ends.pop();
                self.end(id, epoch, Outcome::Succeeded);
            }
            _ => self.tell(Input::Ticked),
        }
    }

    fn end(&mut self, id: CallId, epoch: Epoch, outcome: Outcome) {
        let is_over = self.spans[id.index()].is_none_or(|(_, end)| end < self.now);
        if is_over {
            // It was stopped before.
            return;
        }
        if let Some((_, end)) = &mut self.spans[id.index()] {
            *end = self.now;
        }
        self.busy -= 1;
        let end = AttemptResult {
            is_retryable: false,
            ..AttemptResult::plain(outcome)
        };
        self.tell(Input::AttemptEnded { id, epoch, end });
    }

    fn tell(&mut self, input: Input) {
        self.steps += 1;
        for effect in self.scheduler.step(self.now, input) {
            match effect {
                Effect::Start { id, epoch, .. } => self.start(id, epoch),
                Effect::Stop { id, epoch, .. } => {
                    self.stopped.push(id);
                    self.end(id, epoch, Outcome::Failed);
                }
                Effect::ResolveLocks { id } => {
                    let locks = self.input.calls[id.index()].spec.locks.clone();
                    self.tell(Input::LocksResolved { id, locks });
                }
                Effect::Retry { .. } | Effect::StepCap(_) | Effect::Finished { .. } => {}
            }
        }
    }

    fn start(&mut self, id: CallId, epoch: Epoch) {
        let call = &self.input.calls[id.index()];
        let end = self.now.saturating_add(call.run);
        self.spans[id.index()] = Some((self.now, end));
        self.busy += 1;
        self.ends.push(Reverse((end, epoch, id)));
        if call.spec.timeouts.run.is_some() {
            self.tell(Input::AttemptStarted { id, epoch });
        }
    }

    fn run(self) -> SimulatedRun {
        let last = self.spans.iter().flatten().map(|(_, end)| *end).max();
        let first = self
            .input
            .calls
            .iter()
            .filter(|call| call.spec.after.is_empty());
        let first = first
            .map(|call| call.spec.start_after.unwrap_or_default())
            .min();
        let spans = self.spans.iter().enumerate();
        let not_started = spans.filter(|(_, span)| span.is_none());
        let mut unfinished = self.stopped;
        unfinished.extend(not_started.map(|(index, _)| CallId::from_index(index)));
        unfinished.sort_unstable();
        unfinished.dedup();
        SimulatedRun {
            unfinished,
            makespan: last
                .unwrap_or_default()
                .saturating_sub(first.unwrap_or_default()),
            spans: self.spans,
            lane_time: self.lane_time,
            steps: self.steps,
        }
    }
}
