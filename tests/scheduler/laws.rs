//! The laws of the scheduler, checked on what it was told and what it ordered,
//! without knowing how it comes to its orders.

use std::time::Duration;

use fanout::model::{
    CallId, CallState, EdgeKind, Epoch, FailurePolicy, LaneId, LockMode, LockSet, Outcome, Policy,
};
use fanout::sched::{CallSpec, Effect, Input, Scheduler, SchedulerSettings, StopSignal};

#[derive(Debug)]
struct Running {
    id: CallId,
    epoch: Epoch,
    lane: LaneId,
    stops: Vec<StopSignal>,
}

/// What is known of a run from the outside.
pub(crate) struct Laws {
    settings: SchedulerSettings,
    policy: Policy,
    /// Whether the failure policy ever was `continue`.
    was_continue: bool,
    now: Duration,
    specs: Vec<CallSpec>,
    attempts: Vec<u32>,
    outcomes: Vec<Option<Outcome>>,
    cancelled: Vec<bool>,
    withdrawn: Vec<bool>,
    running: Vec<Running>,
    last_epoch: Epoch,
    tool_starts: Vec<(usize, Duration)>,
    /// An input that ends an attempt, if this step had one.
    ending: Option<(CallId, Epoch)>,
}

impl Laws {
    pub(crate) fn new(settings: &SchedulerSettings) -> Self {
        Self {
            policy: settings.policy,
            was_continue: settings.policy.on_failure == FailurePolicy::Continue,
            settings: settings.clone(),
            now: Duration::ZERO,
            specs: Vec::new(),
            attempts: Vec::new(),
            outcomes: Vec::new(),
            cancelled: Vec::new(),
            withdrawn: Vec::new(),
            running: Vec::new(),
            last_epoch: Epoch(0),
            tool_starts: Vec::new(),
            ending: None,
        }
    }

    /// What is told, before the step.
    pub(crate) fn told(&mut self, now: Duration, input: &Input) {
        self.now = self.now.max(now);
        self.ending = None;
        match input {
            Input::CallsQueued(specs) => {
                for spec in specs {
                    let index = spec.id.index();
                    if self.withdrawn.get(index) == Some(&true) && !self.has_edges(spec.id) {
                        self.specs[index] = CallSpec {
                            after: Vec::new(),
                            ..spec.clone()
                        };
                        self.attempts[index] = 0;
                        self.outcomes[index] = None;
                        self.cancelled[index] = false;
                        self.withdrawn[index] = false;
                    }
                    if index == self.specs.len() {
                        self.withdrawn.push(false);
                        self.specs.push(spec.clone());
                        self.attempts.push(0);
                        self.outcomes.push(None);
                        self.cancelled.push(false);
                    }
                }
            }
            Input::LocksResolved { id, locks } => {
                if let Some(spec) = self.specs.get_mut(id.index())
                    && spec.is_lock_pending
                {
                    spec.locks = locks.clone();
                    spec.is_lock_pending = false;
                }
            }
            Input::CancelRequested { ids, .. } => {
                for id in ids {
                    if let Some(cancelled) = self.cancelled.get_mut(id.index()) {
                        *cancelled = true;
                    }
                }
            }
            Input::CallsWithdrawn(ids) => {
                for id in ids {
                    if id.index() < self.specs.len() && !self.has_edges(*id) {
                        self.withdrawn[id.index()] = true;
                        self.running.retain(|running| running.id != *id);
                    }
                }
            }
            Input::ShutdownRequested => self.cancelled.fill(true),
            Input::PolicyChanged(policy) => {
                self.policy = *policy;
                self.was_continue |= policy.on_failure == FailurePolicy::Continue;
            }
            Input::AttemptEnded { id, epoch, .. } => self.ending = Some((*id, *epoch)),
            _ => {}
        }
    }

    /// Whether edges lead to or from a call.
    fn has_edges(&self, id: CallId) -> bool {
        let leads_here = |spec: &CallSpec| spec.after.iter().any(|edge| edge.call == id);
        !self.specs[id.index()].after.is_empty() || self.specs.iter().any(leads_here)
    }

    /// What was ordered, after the step.
    pub(crate) fn ordered(&mut self, effects: &[Effect], scheduler: &Scheduler) {
        if let Some((id, epoch)) = self.ending {
            self.running
                .retain(|running| (running.id, running.epoch) != (id, epoch));
        }
        for effect in effects {
            match effect {
                Effect::ResolveLocks { id } => {
                    assert!(self.specs[id.index()].is_lock_pending, "{id} has its locks");
                }
                Effect::Start {
                    id,
                    lane,
                    epoch,
                    attempt,
                } => {
                    self.attempts[id.index()] += 1;
                    assert_eq!(attempt.0, self.attempts[id.index()], "number of an attempt");
                    self.may_start(*id, *lane, *epoch);
                    self.start(*id, *lane, *epoch);
                }
                Effect::StepCap(step) => panic!("a pinned cap takes no step: {step}"),
                Effect::Stop { id, epoch, signal } => self.stop(*id, *epoch, *signal),
                Effect::Retry { id, outcome, .. } => {
                    assert!(!self.cancelled[id.index()], "{id} was cancelled");
                    assert!(matches!(outcome, Outcome::Failed | Outcome::TimedOut));
                }
                Effect::Finished { id, outcome, .. } => self.finish(*id, *outcome),
            }
        }
        self.count(scheduler);
    }

    fn start(&mut self, id: CallId, lane: LaneId, epoch: Epoch) {
        let tool = self.tool(id);
        self.tool_starts.extend(tool.map(|tool| (tool, self.now)));
        self.last_epoch = epoch;
        self.running.push(Running {
            id,
            epoch,
            lane,
            stops: Vec::new(),
        });
    }

    fn may_start(&self, id: CallId, lane: LaneId, epoch: Epoch) {
        let spec = &self.specs[id.index()];
        let cap = self.policy.cap.get() as usize;
        assert!(epoch > self.last_epoch, "epochs grow");
        assert!(self.running.len() < cap, "{id} starts above the cap");
        assert!((lane.0 as usize) < cap, "{id} starts in lane {lane}");
        let is_elsewhere = |running: &Running| running.id != id && running.lane != lane;
        assert!(
            self.running.iter().all(is_elsewhere),
            "{id} starts where something runs"
        );
        assert!(!self.withdrawn[id.index()], "{id} was withdrawn");
        assert_eq!(self.outcomes[id.index()], None, "{id} has ended");
        assert!(!self.cancelled[id.index()], "{id} was cancelled");
        assert!(
            self.attempts[id.index()] <= spec.retries + 1,
            "attempts of {id}"
        );
        assert!(!spec.is_lock_pending, "the locks of {id} are unknown");
        assert!(
            spec.start_after.unwrap_or_default() <= self.now,
            "{id} starts early"
        );
        for edge in &spec.after {
            // An empty place counts as a call that was skipped.
            let is_empty = self.withdrawn[edge.call.index()];
            let skipped = is_empty.then_some(Outcome::Skipped);
            let outcome = skipped.or(self.outcomes[edge.call.index()]);
            assert!(
                outcome.is_some(),
                "{id} starts before {} has ended",
                edge.call
            );
            let is_success = outcome.is_some_and(Outcome::is_success);
            // Under `continue` only a missing output holds back; the policy
            // may have changed since the parent ended.
            let is_bound =
                edge.on == EdgeKind::Output || (edge.on == EdgeKind::Ok && !self.was_continue);
            assert!(
                is_success || !is_bound,
                "{id} starts after {} failed",
                edge.call
            );
        }
        self.may_hold(id);
    }

    fn may_hold(&self, id: CallId) {
        let spec = &self.specs[id.index()];
        let others = || {
            self.running
                .iter()
                .map(|running| &self.specs[running.id.index()])
        };
        for other in others() {
            assert!(
                !conflict(&other.locks, &spec.locks),
                "{id} takes a lock of {}",
                other.id
            );
        }
        if let Some(cores) = self.settings.cores {
            let claim = |spec: &CallSpec| spec.claims.cpus.unwrap_or(0.0).min(cores);
            let used: f64 = others().map(claim).sum();
            assert!(
                used + claim(spec) <= cores + 1e-9,
                "{id} claims too many cores"
            );
        }
        if let Some(memory) = self.settings.memory_bytes {
            let claim = |spec: &CallSpec| spec.claims.memory_bytes.unwrap_or(0).min(memory);
            let used: u64 = others().map(claim).sum();
            assert!(used + claim(spec) <= memory, "{id} claims too much memory");
        }
        let Some(tool) = self.tool(id) else { return };
        let limits = &self.settings.tools[tool];
        let busy = others().filter(|other| other.tool == spec.tool).count();
        assert!(
            limits.max_parallel.is_none_or(|max| busy < max as usize),
            "calls of a tool"
        );
        let Some(rate) = limits.rate else { return };
        let starts = self.tool_starts.iter().filter(|(of, _)| *of == tool);
        let mut starts: Vec<Duration> = starts.map(|(_, at)| *at).collect();
        starts.push(self.now);
        for (first, from) in starts.iter().enumerate() {
            let count = (starts.len() - first) as u32;
            let spaced = rate.per * count.saturating_sub(rate.burst) / rate.starts;
            assert!(self.now >= *from + spaced, "{id} starts above its rate");
        }
    }

    fn tool(&self, id: CallId) -> Option<usize> {
        let tool = &self.specs[id.index()].tool;
        self.settings
            .tools
            .iter()
            .position(|limits| limits.tool == *tool)
    }

    fn stop(&mut self, id: CallId, epoch: Epoch, signal: StopSignal) {
        let running = self
            .running
            .iter_mut()
            .find(|at| (at.id, at.epoch) == (id, epoch));
        let Some(running) = running else {
            panic!("{id} is stopped but does not run");
        };
        assert!(
            !running.stops.contains(&signal),
            "{id} is told {signal:?} twice"
        );
        assert!(
            !running.stops.contains(&StopSignal::Hard),
            "{id} is told more after the hard stop"
        );
        running.stops.push(signal);
    }

    fn finish(&mut self, id: CallId, outcome: Outcome) {
        let is_running = self.running.iter().any(|running| running.id == id);
        assert!(!is_running, "{id} ends while it runs");
        assert!(!self.withdrawn[id.index()], "{id} was withdrawn");
        assert_eq!(self.outcomes[id.index()], None, "{id} ends twice");
        self.outcomes[id.index()] = Some(outcome);
        if outcome == Outcome::Skipped {
            assert_eq!(
                self.attempts[id.index()],
                0,
                "{id} was skipped after a start"
            );
        }
        if outcome == Outcome::Succeeded {
            assert!(!self.cancelled[id.index()], "{id} was cancelled");
        }
    }

    /// Submitted = waiting + running + ended, and everybody agrees on it.
    fn count(&self, scheduler: &Scheduler) {
        assert_eq!(scheduler.len(), self.specs.len());
        let mut open = 0;
        for (spec, outcome) in self.specs.iter().zip(&self.outcomes) {
            if self.withdrawn[spec.id.index()] {
                assert_eq!(scheduler.state(spec.id), None, "{} was withdrawn", spec.id);
                continue;
            }
            let state = scheduler.state(spec.id).expect("a call that was queued");
            let running = self.running.iter().find(|running| running.id == spec.id);
            assert_eq!(state.is_ended(), outcome.is_some(), "state of {}", spec.id);
            assert_eq!(
                state.lane(),
                running.map(|running| running.lane),
                "lane of {}",
                spec.id
            );
            if let Some(outcome) = outcome {
                assert_eq!(state, CallState::Ended(*outcome));
            }
            open += usize::from(outcome.is_none());
        }
        assert_eq!(scheduler.open_calls(), open, "open calls");
        let busy = scheduler.lanes().iter().flatten().count();
        assert_eq!(busy, self.running.len(), "busy lanes");
        let due = scheduler.next_deadline();
        assert!(
            due.is_none_or(|due| due > self.now),
            "a deadline that is not met"
        );
    }
}

fn conflict(held: &LockSet, asked: &LockSet) -> bool {
    held.iter().any(|(one, held)| {
        asked.iter().any(|(other, mode)| {
            (held == LockMode::Exclusive || mode == LockMode::Exclusive) && one.overlaps(other)
        })
    })
}
