//! A scheduler that is as plain as can be: no index, no cache, nothing kept
//! that can be recomputed. What it orders must be what the real one orders.

mod order;
mod stops;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fanout::model::{
    AttemptNo, CallId, EdgeKind, Epoch, FailurePolicy, LaneId, LockSet, Outcome, Policy, RunPhase,
    StopCause,
};
use fanout::sched::{CallSpec, Effect, Input, Reason, SchedulerSettings};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stage {
    Waiting,
    Ready,
    Backoff,
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
    pub second_look: Option<Duration>,
    pub asked_since: Option<Duration>,
    pub asked_time: Duration,
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
    pub joined_at: Duration,
    pub ready_at: Option<Duration>,
    pub are_locks_known: bool,
    pub position: i64,
    pub score: Option<i64>,
    /// Its place is empty; its stage is one that has ended.
    pub is_withdrawn: bool,
}

impl Call {
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended(_))
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !matches!(self.stage, Stage::Active(_) | Stage::Ended(_))
    }
}

/// Whether the last step let calls start, or left that to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Due,
    Held,
}

pub(crate) struct Reference {
    pub settings: SchedulerSettings,
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
    pub admission: Admission,
    pub(super) effects: Vec<Effect>,
    pub(super) ended: Vec<CallId>,
}

pub(super) fn id(index: usize) -> CallId {
    CallId::from_index(index)
}

impl Reference {
    pub(crate) fn new(settings: SchedulerSettings) -> Self {
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
            admission: Admission::Due,
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
                stops::Fire::Lane(_, call) => self.fire_attempt(call),
                stops::Fire::Call(call) => self.fire_waiting(call),
            }
            self.settle();
        }
        let is_answer = matches!(input, Input::LocksResolved { .. });
        let is_asked = |effect: &Effect| matches!(effect, Effect::ResolveLocks { .. });
        let is_about_locks = is_answer || self.effects.iter().any(is_asked);
        if is_about_locks && self.awaits_locks() {
            self.admission = Admission::Held;
        } else {
            self.admission = Admission::Due;
            self.admit();
        }
        std::mem::take(&mut self.effects)
    }

    fn take(&mut self, input: &Input) {
        match input {
            Input::CallsQueued(specs) => self.queue(specs),
            Input::CallsWithdrawn(ids) => {
                for id in ids {
                    self.withdraw(*id);
                }
            }
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
            Input::QuestionAsked { id, epoch } => self.question_asked(*id, *epoch),
            Input::QuestionAnswered { id, epoch } => self.question_answered(*id, *epoch),
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
            Input::MachineRead(_) | Input::Ticked => {}
            Input::ShutdownRequested => self.shut_down(),
            Input::DrainRequested => {
                self.is_draining = true;
                self.end_waiting(Outcome::Cancelled, Reason::Drain);
            }
        }
    }

    /// Whether a call waits for its locks to be known, and for nothing else.
    fn awaits_locks(&self) -> bool {
        self.calls.iter().any(|call| {
            call.stage == Stage::Waiting
                && !call.are_locks_known
                && !self.has_open_parents(call.spec.id, &self.ended)
        })
    }

    fn waiting(&mut self, id: CallId) -> Option<&mut Call> {
        let call = self.calls.get_mut(id.index())?;
        call.is_waiting().then_some(call)
    }

    pub(super) fn attempt(&mut self, id: CallId, epoch: Epoch) -> Option<&mut Attempt> {
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
        let mut added = Vec::new();
        for spec in specs {
            let place = self.calls.get(spec.id.index());
            let is_empty = place.is_some_and(|call| call.is_withdrawn) && !self.has_edges(spec.id);
            if spec.id.index() != self.calls.len() && !is_empty {
                continue;
            }
            if !self.groups.contains(&spec.group) {
                self.groups.push(spec.group.clone());
            }
            let mut call = Call {
                stage: Stage::Waiting,
                attempts: 0,
                last: None,
                culprit: None,
                overtaken: 0,
                pin: 0,
                not_before: spec.start_after.unwrap_or_default(),
                joined_at: self.now.max(spec.start_after.unwrap_or_default()),
                ready_at: None,
                are_locks_known: !spec.is_lock_pending,
                position: i64::from(spec.id.number()) << 32,
                score: None,
                is_withdrawn: false,
                spec: spec.clone(),
            };
            if is_empty {
                call.spec.after.clear();
                self.calls[spec.id.index()] = call;
            } else {
                self.calls.push(call);
            }
            added.push(spec.id);
        }
        for id in added {
            if self.is_draining || self.is_shutting_down {
                self.finish(id, Outcome::Cancelled, Reason::Shutdown);
            } else if let Some(culprit) = self.halted_by {
                self.skip(id, culprit);
            } else {
                self.welcome(id, first);
            }
        }
    }

    fn has_edges(&self, id: CallId) -> bool {
        let leads_here = |call: &Call| call.spec.after.iter().any(|edge| edge.call == id);
        let call = self.calls.get(id.index());
        call.is_some_and(|call| !call.spec.after.is_empty()) || self.calls.iter().any(leads_here)
    }

    fn withdraw(&mut self, id: CallId) {
        if self.has_edges(id) {
            return;
        }
        let Some(call) = self.calls.get(id.index()) else {
            return;
        };
        if let Stage::Active(attempt) = call.stage.clone() {
            self.correct_share(id, &attempt);
        }
        let call = &mut self.calls[id.index()];
        call.is_withdrawn = true;
        call.stage = Stage::Ended(Outcome::Skipped);
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
    pub(super) fn has_open_parents(&self, id: CallId, untold: &[CallId]) -> bool {
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

    pub(super) fn make_ready(&mut self, id: CallId) {
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

    pub(super) fn finish(&mut self, id: CallId, outcome: Outcome, reason: Reason) {
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

    pub(super) fn end_waiting(&mut self, outcome: Outcome, reason: Reason) {
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

    pub(crate) fn start(&mut self, id: CallId, lane: usize) {
        self.epochs += 1;
        let now = self.now;
        let (epoch, call) = (self.epochs, &mut self.calls[id.index()]);
        call.attempts += 1;
        call.stage = Stage::Active(Box::new(Attempt {
            lane,
            epoch,
            ordered: now,
            started: None,
            last_output: now,
            second_look: None,
            asked_since: None,
            asked_time: Duration::ZERO,
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
