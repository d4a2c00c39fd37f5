//! A scheduler that is as plain as can be: no index, no cache, nothing kept
//! that can be recomputed. What it orders must be what the real one orders.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fanout::model::{
    AttemptNo, CallId, EdgeKind, Epoch, FailurePolicy, LaneId, LockSet, Outcome, Policy, RunPhase,
    StopCause,
};
use fanout::sched::{AttemptEnd, CallSpec, Effect, Force, Input, Reason, Rung, Settings};
use rand_core::Rng;

const STALL: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stage {
    Waiting,
    Ready,
    Backoff,
    OverBudget,
    Active(Box<Attempt>),
    Ended(Outcome),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attempt {
    pub lane: usize,
    pub epoch: u64,
    pub ordered: Duration,
    pub started: Option<Duration>,
    pub last_output: Duration,
    pub stop: Option<Stop>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stop {
    pub cause: StopCause,
    pub hard_at: Option<Duration>,
    pub is_told: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub spec: CallSpec,
    pub stage: Stage,
    pub attempts: u32,
    pub last: Option<Outcome>,
    pub culprit: Option<CallId>,
    pub overtaken: u32,
    pub pin: i64,
    pub not_before: Duration,
    pub ready_at: Option<Duration>,
    pub are_locks_known: bool,
    pub position: i64,
    pub score: Option<i64>,
}

impl Call {
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended(_))
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !matches!(self.stage, Stage::Active(_) | Stage::Ended(_))
    }
}

pub(crate) struct Reference {
    pub settings: Settings,
    pub now: Duration,
    pub calls: Vec<Call>,
    pub is_paused: bool,
    pub halted_by: Option<CallId>,
    pub is_draining: bool,
    pub is_shutting_down: bool,
    pub pins: i64,
    pub epochs: u64,
    /// Virtual time of each group.
    pub shares: BTreeMap<Option<Arc<str>>, u64>,
    /// The order in which groups were first heard of; it settles ties.
    pub groups: Vec<Option<Arc<str>>>,
    pub clock: u64,
    /// Every start of a limited tool, and every time it was held.
    pub tool_log: Vec<(usize, Duration, Option<Duration>)>,
    pub first_starts: Vec<Duration>,
    pub granted_retries: Vec<Duration>,
    effects: Vec<Effect>,
    ended: Vec<CallId>,
}

fn id(index: usize) -> CallId {
    CallId::from_index(index)
}

impl Reference {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            now: Duration::ZERO,
            calls: Vec::new(),
            is_paused: false,
            halted_by: None,
            is_draining: false,
            is_shutting_down: false,
            pins: 0,
            epochs: 0,
            shares: BTreeMap::from([(None, 0)]),
            groups: vec![None],
            clock: 0,
            tool_log: Vec::new(),
            first_starts: Vec::new(),
            granted_retries: Vec::new(),
            effects: Vec::new(),
            ended: Vec::new(),
        }
    }

    pub(crate) fn step(&mut self, now: Duration, input: &Input) -> Vec<Effect> {
        self.now = self.now.max(now);
        self.take(input);
        self.settle();
        while let Some(fire) = self.next_fire().filter(|fire| fire.0 <= self.now) {
            match fire.1 {
                Fire::Lane(_, call) => self.fire_attempt(call),
                Fire::Call(call) => self.fire_waiting(call),
            }
            self.settle();
        }
        self.admit();
        std::mem::take(&mut self.effects)
    }

    fn take(&mut self, input: &Input) {
        match input {
            Input::CallsQueued(specs) => self.queue(specs),
            Input::LocksResolved { id, locks } => self.locks_resolved(*id, locks),
            Input::CancelRequested { ids, cause, force } => {
                for id in ids {
                    self.cancel(*id, *cause, *force);
                }
            }
            Input::PolicyChanged(policy) => self.set_policy(*policy),
            Input::Paused => self.is_paused = true,
            Input::Resumed => {
                self.is_paused = false;
                self.halted_by = None;
            }
            Input::AttemptStarted { id, epoch } => self.attempt_started(*id, *epoch),
            Input::AttemptEnded { id, epoch, end } => self.attempt_ended(*id, *epoch, *end),
            Input::OutputSeen { id, epoch } => {
                let now = self.now;
                if let Some(attempt) = self.attempt(*id, *epoch) {
                    attempt.last_output = now;
                }
            }
            Input::CallMoved { id, before } => self.move_call(*id, *before),
            Input::PriorityChanged { id, priority } => {
                if let Some(call) = self.waiting(*id) {
                    call.spec.priority = *priority;
                }
            }
            Input::RunNextRequested { id } => {
                self.pins += 1;
                let pin = self.pins;
                if let Some(call) = self.waiting(*id) {
                    call.pin = pin;
                }
            }
            Input::Ticked => {}
            Input::ShutdownRequested => self.shut_down(),
            Input::DrainRequested => {
                self.is_draining = true;
                self.end_waiting(Outcome::Cancelled, Reason::Drain);
            }
        }
    }

    fn waiting(&mut self, id: CallId) -> Option<&mut Call> {
        let call = self.calls.get_mut(id.index())?;
        call.is_waiting().then_some(call)
    }

    fn attempt(&mut self, id: CallId, epoch: Epoch) -> Option<&mut Attempt> {
        match &mut self.calls.get_mut(id.index())?.stage {
            Stage::Active(attempt) if attempt.epoch == epoch.0 => Some(attempt),
            _ => None,
        }
    }

    fn set_policy(&mut self, policy: Policy) {
        if policy.order != self.settings.policy.order {
            for (index, call) in self.calls.iter_mut().enumerate() {
                call.score = None;
                call.position = i64::from(id(index).number()) << 32;
            }
        }
        self.settings.policy = policy;
        if policy.on_failure != FailurePolicy::Stop {
            self.halted_by = None;
        }
    }

    pub(crate) fn phase(&self) -> RunPhase {
        if self.is_draining || self.is_shutting_down {
            RunPhase::ShuttingDown
        } else if self.halted_by.is_some() {
            RunPhase::Stopped
        } else if self.is_paused {
            RunPhase::Paused
        } else {
            RunPhase::Open
        }
    }

    fn queue(&mut self, specs: &[CallSpec]) {
        let first = self.calls.len();
        for spec in specs {
            if spec.id.index() != self.calls.len() {
                continue;
            }
            if !self.groups.contains(&spec.group) {
                self.groups.push(spec.group.clone());
            }
            self.calls.push(Call {
                stage: Stage::Waiting,
                attempts: 0,
                last: None,
                culprit: None,
                overtaken: 0,
                pin: 0,
                not_before: spec.start_after.unwrap_or_default(),
                ready_at: None,
                are_locks_known: !spec.is_lock_pending,
                position: i64::from(spec.id.number()) << 32,
                score: None,
                spec: spec.clone(),
            });
        }
        for index in first..self.calls.len() {
            if self.is_draining || self.is_shutting_down {
                self.finish(id(index), Outcome::Cancelled, Reason::Shutdown);
            } else if let Some(culprit) = self.halted_by {
                self.skip(id(index), culprit);
            } else {
                self.welcome(id(index), first);
            }
        }
    }

    /// Parents from before the batch may have ended; those of the batch are
    /// told later.
    fn welcome(&mut self, id: CallId, first: usize) {
        let spec = self.calls[id.index()].spec.clone();
        let ended = |edge: &&fanout::model::Edge| {
            edge.call.index() < first && self.calls[edge.call.index()].is_ended()
        };
        let ended: Vec<_> = spec.after.iter().filter(ended).copied().collect();
        let failed = ended
            .iter()
            .find(|edge| !self.is_satisfied(edge.call, edge.on));
        if let Some(edge) = failed {
            self.skip(id, edge.call);
        } else if ended.len() == spec.after.len() {
            self.parents_ended(id);
        }
    }

    fn parents_ended(&mut self, id: CallId) {
        if self.calls[id.index()].are_locks_known {
            self.make_ready(id);
        } else {
            self.effects.push(Effect::ResolveLocks { id });
        }
    }

    /// The parents that are known to have ended: all of them but those whose
    /// dependents are told later in this step.
    fn has_open_parents(&self, id: CallId, untold: &[CallId]) -> bool {
        let after = &self.calls[id.index()].spec.after;
        after
            .iter()
            .any(|edge| !self.calls[edge.call.index()].is_ended() || untold.contains(&edge.call))
    }

    fn locks_resolved(&mut self, id: CallId, locks: &LockSet) {
        let Some(call) = self.calls.get_mut(id.index()) else {
            return;
        };
        if call.stage != Stage::Waiting || call.are_locks_known {
            return;
        }
        call.are_locks_known = true;
        call.spec.locks = locks.clone();
        if !self.has_open_parents(id, &[]) {
            self.make_ready(id);
        }
    }

    fn make_ready(&mut self, id: CallId) {
        let now = self.now;
        if self.calls[id.index()].not_before > now {
            return;
        }
        let group = self.calls[id.index()].spec.group.clone();
        let is_member = |call: &&Call| {
            call.spec.group == group && matches!(call.stage, Stage::Ready | Stage::Active(_))
        };
        if self.calls.iter().find(is_member).is_none() {
            let share = self.shares.entry(group).or_default();
            *share = (*share).max(self.clock);
        }
        let call = &mut self.calls[id.index()];
        call.stage = Stage::Ready;
        if call.attempts == 0 {
            call.ready_at = Some(now);
        }
    }

    pub(crate) fn is_satisfied(&self, parent: CallId, on: EdgeKind) -> bool {
        let Stage::Ended(outcome) = self.calls[parent.index()].stage else {
            return false;
        };
        let is_continue = self.settings.policy.on_failure == FailurePolicy::Continue;
        on == EdgeKind::Done || outcome.is_success() || (on == EdgeKind::Ok && is_continue)
    }

    fn skip(&mut self, id: CallId, parent: CallId) {
        let call = self.calls[parent.index()].culprit.unwrap_or(parent);
        self.calls[id.index()].culprit = Some(call);
        self.finish(id, Outcome::Skipped, Reason::Culprit { call });
    }

    fn finish(&mut self, id: CallId, outcome: Outcome, reason: Reason) {
        self.calls[id.index()].stage = Stage::Ended(outcome);
        self.effects.push(Effect::Finished {
            id,
            outcome,
            reason,
        });
        self.ended.push(id);
    }

    fn settle(&mut self) {
        while !self.ended.is_empty() {
            let parent = self.ended.remove(0);
            for index in 0..self.calls.len() {
                let after = self.calls[index].spec.after.clone();
                let on: Vec<_> = after.iter().filter(|edge| edge.call == parent).collect();
                if on.is_empty() || self.calls[index].stage != Stage::Waiting {
                    continue;
                }
                if on.iter().any(|edge| !self.is_satisfied(parent, edge.on)) {
                    self.skip(id(index), parent);
                } else if !self.has_open_parents(id(index), &self.ended.clone()) {
                    self.parents_ended(id(index));
                }
            }
            self.halt_after(parent);
        }
    }

    fn halt_after(&mut self, id: CallId) {
        let Stage::Ended(outcome) = self.calls[id.index()].stage else {
            return;
        };
        let is_failure = matches!(
            outcome,
            Outcome::Failed | Outcome::TimedOut | Outcome::Unconfirmed | Outcome::Lost
        );
        let is_stop = self.settings.policy.on_failure == FailurePolicy::Stop;
        if is_failure && is_stop && self.halted_by.is_none() {
            self.halted_by = Some(id);
            self.end_waiting(Outcome::Skipped, Reason::Culprit { call: id });
        }
    }

    fn end_waiting(&mut self, outcome: Outcome, reason: Reason) {
        for index in 0..self.calls.len() {
            if !self.calls[index].is_waiting() {
                continue;
            }
            if let Reason::Culprit { call } = reason {
                self.calls[index].culprit = Some(call);
            }
            match self.calls[index].last {
                Some(last) if outcome == Outcome::Skipped => {
                    self.finish(id(index), last, Reason::Ending);
                }
                _ => self.finish(id(index), outcome, reason),
            }
        }
    }

    fn cancel(&mut self, id: CallId, cause: StopCause, force: Force) {
        let Some(call) = self.calls.get(id.index()) else {
            return;
        };
        match call.stage {
            Stage::Ended(_) => {}
            Stage::Active(_) => self.order_stop(id, cause, force),
            _ if cause == StopCause::Shutdown => {
                self.finish(id, Outcome::Cancelled, Reason::Shutdown);
            }
            _ => self.finish(id, Outcome::Cancelled, Reason::User),
        }
    }

    fn order_stop(&mut self, id: CallId, cause: StopCause, force: Force) {
        let now = self.now;
        let call = &mut self.calls[id.index()];
        let grace = call.spec.timeouts.grace;
        let Stage::Active(attempt) = &mut call.stage else {
            return;
        };
        let epoch = Epoch(attempt.epoch);
        let is_first = attempt.stop.is_none();
        let is_hard = !is_first || force == Force::Kill || grace.is_zero();
        let is_told = attempt.started.is_some();
        let stop = attempt.stop.get_or_insert(Stop {
            cause,
            hard_at: (!is_hard).then(|| now + grace),
            is_told,
        });
        stop.cause = stop.cause.max(cause);
        let was_soft = stop.hard_at.is_some();
        if !is_first {
            stop.hard_at = None;
        }
        if stop.is_told && (is_first || was_soft) {
            let rung = if is_hard { Rung::Hard } else { Rung::Soft };
            self.effects.push(Effect::Stop { id, epoch, rung });
        }
    }

    fn attempt_started(&mut self, id: CallId, epoch: Epoch) {
        let now = self.now;
        let grace = self
            .calls
            .get(id.index())
            .map(|call| call.spec.timeouts.grace);
        let Some(attempt) = self.attempt(id, epoch) else {
            return;
        };
        if attempt.started.is_some() {
            return;
        }
        attempt.started = Some(now);
        attempt.last_output = now;
        let Some(stop) = attempt.stop.as_mut().filter(|stop| !stop.is_told) else {
            return;
        };
        stop.is_told = true;
        stop.hard_at = stop.hard_at.and(grace).map(|grace| now + grace);
        let rung = if stop.hard_at.is_some() {
            Rung::Soft
        } else {
            Rung::Hard
        };
        self.effects.push(Effect::Stop { id, epoch, rung });
    }

    fn attempt_ended(&mut self, id: CallId, epoch: Epoch, end: AttemptEnd) {
        let Some(attempt) = self.attempt(id, epoch).cloned() else {
            return;
        };
        self.correct_share(id, &attempt);
        if let (Some(time), Some(tool)) = (end.retry_after, self.tool_of(id)) {
            self.tool_log.push((tool, self.now, Some(time)));
        }
        let spec = self.calls[id.index()].spec.clone();
        let (outcome, reason) = judge(&spec, &attempt, end);
        let number = self.calls[id.index()].attempts;
        let is_again = matches!(outcome, Outcome::Failed | Outcome::TimedOut)
            && end.is_retryable
            && number <= spec.retries
            && matches!(self.phase(), RunPhase::Open | RunPhase::Paused);
        if !is_again {
            self.finish(id, outcome, reason);
            return;
        }
        let limit_us = (500_000u64 << (number - 1).min(16)).min(30_000_000);
        let drawn = self.settings.generator.next_u64();
        let delay = (u128::from(drawn) * u128::from(limit_us + 1)) >> 64;
        let delay = Duration::from_micros(delay as u64).max(end.retry_after.unwrap_or_default());
        let call = &mut self.calls[id.index()];
        call.not_before = self.now + delay;
        call.last = Some(outcome);
        call.stage = Stage::Backoff;
        self.effects.push(Effect::Retry {
            id,
            after: AttemptNo(number),
            outcome,
            at: call.not_before,
        });
    }

    fn shut_down(&mut self) {
        let is_second = self.is_shutting_down;
        self.is_shutting_down = true;
        self.end_waiting(Outcome::Cancelled, Reason::Shutdown);
        for call in self.by_lane() {
            let Stage::Active(attempt) = &mut self.calls[call.index()].stage else {
                continue;
            };
            match &mut attempt.stop {
                Some(stop) if !is_second => stop.cause = stop.cause.max(StopCause::Shutdown),
                _ if is_second => self.order_stop(call, StopCause::Shutdown, Force::Kill),
                _ => self.order_stop(call, StopCause::Shutdown, Force::Ladder),
            }
        }
    }

    /// Running calls by lane.
    pub(crate) fn by_lane(&self) -> Vec<CallId> {
        let mut running: Vec<(usize, CallId)> = (0..self.calls.len())
            .filter_map(|index| match &self.calls[index].stage {
                Stage::Active(attempt) => Some((attempt.lane, id(index))),
                _ => None,
            })
            .collect();
        running.sort_unstable();
        running.into_iter().map(|(_, call)| call).collect()
    }
}

fn judge(spec: &CallSpec, attempt: &Attempt, end: AttemptEnd) -> (Outcome, Reason) {
    if matches!(end.outcome, Outcome::Unconfirmed | Outcome::Lost) {
        return (end.outcome, Reason::Ending);
    }
    let limit = |limit: Option<Duration>| limit.unwrap_or_default();
    match attempt.stop.map(|stop| stop.cause) {
        None => (end.outcome, Reason::Ending),
        Some(StopCause::User) => (Outcome::Cancelled, Reason::User),
        Some(StopCause::Shutdown) => (Outcome::Cancelled, Reason::Shutdown),
        Some(StopCause::RunTimeout) => {
            let limit = limit(spec.timeouts.run);
            (Outcome::TimedOut, Reason::RunTimeout { limit })
        }
        Some(StopCause::IdleTimeout) => {
            let limit = limit(spec.timeouts.idle);
            (Outcome::TimedOut, Reason::IdleTimeout { limit })
        }
    }
}

/// Whose deadline is next; of equal ones lanes come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fire {
    Lane(usize, CallId),
    Call(CallId),
}

impl Reference {
    pub(crate) fn next_fire(&self) -> Option<(Duration, Fire)> {
        let fires = (0..self.calls.len()).filter_map(|index| {
            let call = &self.calls[index];
            let due = match &call.stage {
                Stage::Active(attempt) => {
                    let due = attempt_due(&call.spec, attempt)?;
                    return Some((due, Fire::Lane(attempt.lane, id(index))));
                }
                Stage::Backoff | Stage::OverBudget => call.not_before,
                Stage::Ready if call.attempts == 0 => call.ready_at? + call.spec.timeouts.queue?,
                Stage::Waiting
                    if call.are_locks_known && !self.has_open_parents(id(index), &self.ended) =>
                {
                    call.not_before
                }
                _ => return None,
            };
            Some((due, Fire::Call(id(index))))
        });
        fires.min()
    }

    fn fire_attempt(&mut self, id: CallId) {
        let now = self.now;
        let call = &mut self.calls[id.index()];
        let limits = call.spec.timeouts;
        let Stage::Active(attempt) = &mut call.stage else {
            return;
        };
        if let Some(stop) = &mut attempt.stop {
            stop.hard_at = None;
            stop.is_told = true;
            let epoch = Epoch(attempt.epoch);
            let rung = Rung::Hard;
            self.effects.push(Effect::Stop { id, epoch, rung });
            return;
        }
        let run_ends = attempt
            .started
            .zip(limits.run)
            .map(|(at, limit)| at + limit);
        if run_ends.is_some_and(|end| end <= now) {
            self.order_stop(id, StopCause::RunTimeout, Force::Ladder);
            return;
        }
        let idle_ends = attempt.last_output + limits.idle.unwrap_or_default();
        if now > idle_ends + STALL {
            attempt.last_output = now;
        } else {
            self.order_stop(id, StopCause::IdleTimeout, Force::Ladder);
        }
    }

    fn fire_waiting(&mut self, id: CallId) {
        let call = &self.calls[id.index()];
        match call.stage {
            Stage::Ready => {
                let limit = call.spec.timeouts.queue.unwrap_or_default();
                self.finish(id, Outcome::TimedOut, Reason::QueueTimeout { limit });
            }
            Stage::Backoff | Stage::OverBudget => match self.budget_opens() {
                None => {
                    self.granted_retries.push(self.now);
                    self.make_ready(id);
                }
                Some(again) => {
                    self.calls[id.index()].stage = Stage::OverBudget;
                    self.calls[id.index()].not_before = again;
                }
            },
            _ => self.make_ready(id),
        }
    }

    /// When the retry budget is to be asked again; `None` if it has one left.
    fn budget_opens(&self) -> Option<Duration> {
        let second = self.now.as_secs();
        let is_recent = |at: &&Duration| at.as_secs() + 60 > second;
        let starts = self.first_starts.iter().filter(is_recent);
        let retries = self.granted_retries.iter().filter(is_recent);
        if retries.clone().count() < 3 + starts.clone().count() / 5 {
            return None;
        }
        let oldest = starts.chain(retries).min()?;
        Some(Duration::from_secs(oldest.as_secs() + 60))
    }

    pub(crate) fn start(&mut self, id: CallId, lane: usize) {
        self.epochs += 1;
        let now = self.now;
        let (epoch, call) = (self.epochs, &mut self.calls[id.index()]);
        if call.attempts == 0 {
            self.first_starts.push(now);
        }
        call.attempts += 1;
        call.stage = Stage::Active(Box::new(Attempt {
            lane,
            epoch,
            ordered: now,
            started: None,
            last_output: now,
            stop: None,
        }));
        self.effects.push(Effect::Start {
            id,
            lane: LaneId(lane as u32),
            epoch: Epoch(epoch),
            attempt: AttemptNo(call.attempts),
        });
    }
}

fn attempt_due(spec: &CallSpec, attempt: &Attempt) -> Option<Duration> {
    if let Some(stop) = attempt.stop {
        return stop.hard_at;
    }
    let run = spec
        .timeouts
        .run
        .zip(attempt.started)
        .map(|(limit, at)| at + limit);
    let idle = spec.timeouts.idle.and(attempt.started);
    let idle = idle
        .and(spec.timeouts.idle)
        .map(|limit| attempt.last_output + limit);
    run.into_iter().chain(idle).min()
}
