//! The scheduler itself: one step, and what can be asked of it.

use std::time::Duration;

use super::active::{Attempt, Lanes};
use super::effect::{Effect, Effects};
use super::graph::Graph;
use super::input::{CallSpec, Input};
use super::lock_table::{Claim, LockTable};
use super::queue::{Place, Queue};
use super::record::{Record, Stage};
use super::settings::Settings;
use super::timer::{NEVER, Owner, Timers};
use crate::model::{
    AttemptNo, CallId, CallState, Epoch, FailurePolicy, LaneId, Outcome, Policy, RunPhase,
    StopCause, StopStep,
};

/// Whether and why admission is closed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// It is not.
    Open,
    /// Running calls finish, nothing more starts.
    Draining,
    /// Everything was told to stop.
    ShuttingDown,
}

/// The pure scheduler of one run.
#[derive(Debug)]
pub struct Scheduler {
    pub(super) now: Duration,
    pub(super) settings: Settings,
    pub(super) records: Vec<Record>,
    pub(super) claims: Vec<Claim>,
    pub(super) graph: Graph,
    pub(super) locks: LockTable,
    pub(super) lanes: Lanes,
    pub(super) queue: Queue,
    pub(super) timers: Timers,
    pub(super) is_paused: bool,
    /// The call whose failure closed admission under the `stop` policy.
    pub(super) halted_by: Option<CallId>,
    pub(super) closing: Closing,
    pub(super) open_calls: usize,
    /// Ended calls whose dependents have not been told yet.
    pub(super) unsettled: Vec<CallId>,
    pub(super) effects: Effects,
    last_epoch: u64,
    /// How many times a user asked for a call to be next.
    pub(super) pins: i64,
}

impl Scheduler {
    /// A scheduler without calls.
    pub fn new(settings: Settings) -> Self {
        let mut lanes = Lanes::default();
        lanes.fit(settings.policy.cap.get());
        Self {
            now: Duration::ZERO,
            settings,
            records: Vec::new(),
            claims: Vec::new(),
            graph: Graph::default(),
            locks: LockTable::default(),
            lanes,
            queue: Queue::default(),
            timers: Timers::default(),
            is_paused: false,
            halted_by: None,
            closing: Closing::Open,
            open_calls: 0,
            unsettled: Vec::new(),
            effects: Effects::new(),
            last_epoch: 0,
            pins: 0,
        }
    }

    /// Takes in one thing that happened at `now`, the time since the run's
    /// start, and says what is to be done. A `now` before the last one counts
    /// as the last one.
    pub fn step(&mut self, now: Duration, input: Input) -> Effects {
        self.now = self.now.max(now);
        self.take(input);
        self.settle();
        while let Some(owner) = self.timers.fired(self.now) {
            match owner {
                Owner::Lane(lane) => self.fire_attempt(lane),
                Owner::Call(id) => self.fire_call(id),
            }
            self.settle();
        }
        self.admit();
        std::mem::take(&mut self.effects)
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::CallsQueued(specs) => self.queue_calls(specs),
            Input::LocksResolved { id, locks } => self.resolve_locks(id, &locks),
            Input::CancelRequested { ids, cause, force } => {
                for id in ids {
                    self.cancel(id, cause, force);
                }
            }
            Input::PolicyChanged(policy) => self.change_policy(policy),
            Input::Paused => self.is_paused = true,
            Input::Resumed => {
                self.is_paused = false;
                self.halted_by = None;
            }
            Input::AttemptStarted { id, epoch } => self.attempt_started(id, epoch),
            Input::AttemptEnded { id, epoch, end } => self.attempt_ended(id, epoch, end),
            Input::OutputSeen { id, epoch } => self.output_seen(id, epoch),
            Input::CallMoved { id, before } => self.move_call(id, before),
            Input::PriorityChanged { id, priority } => self.set_priority(id, priority),
            Input::RunNextRequested { id } => self.pin(id),
            Input::Ticked => {}
            Input::ShutdownRequested => self.shut_down(),
            Input::DrainRequested => self.drain(),
        }
    }

    fn queue_calls(&mut self, specs: Vec<CallSpec>) {
        let first = self.records.len();
        let mut edges = Vec::new();
        for mut spec in specs {
            // A batch that comes twice names calls that are there already.
            if spec.id.index() != self.records.len() {
                continue;
            }
            self.graph.add_call();
            self.claims.push(self.locks.intern(&spec.locks));
            edges.push((spec.id, std::mem::take(&mut spec.after)));
            self.records.push(Record::new(&spec));
        }
        self.open_calls += self.records.len() - first;
        for (id, after) in edges {
            self.records[id.index()].pending += self.graph.add_edges(id, &after);
        }
        for index in first..self.records.len() {
            self.welcome(CallId::from_index(index), first);
        }
    }

    fn change_policy(&mut self, policy: Policy) {
        self.settings.policy = policy;
        if policy.on_failure != FailurePolicy::Stop {
            self.halted_by = None;
        }
        self.lanes.fit(policy.cap.get());
    }

    /// Makes a call ready, or waits for its start time.
    pub(super) fn make_ready(&mut self, id: CallId) {
        let now = self.now;
        let record = &mut self.records[id.index()];
        let due = record.start_after.filter(|start| *start > now);
        if let Some(start) = due {
            self.timers.set(Owner::Call(id), &mut record.due, start);
            return;
        }
        record.stage = Stage::Ready;
        let mut due = NEVER;
        if record.attempts == 0 {
            let ready_at = *record.ready_at.get_or_insert(now);
            let limit = record.timeouts.queue;
            due = limit.map_or(NEVER, |limit| ready_at.saturating_add(limit));
        }
        self.timers.set(Owner::Call(id), &mut record.due, due);
        self.queue.insert(self.place(id));
    }

    /// Starts what may start, in order.
    fn admit(&mut self) {
        if self.phase() != RunPhase::Open {
            return;
        }
        let cap = self.settings.policy.cap.get();
        while self.lanes.busy() < cap {
            let is_free = |place: &Place| {
                let claim = &self.claims[place.id.index()];
                self.locks.first_conflict(claim).is_none()
            };
            let next = self.queue.iter().find(is_free);
            let Some(place) = next else { return };
            self.queue.remove(place);
            self.start(place.id);
        }
    }

    fn start(&mut self, id: CallId) {
        let Some(lane) = self.lanes.lowest_free() else {
            debug_assert!(false, "a start of {id} without a free lane");
            return;
        };
        self.locks.take(&self.claims[id.index()]);
        self.last_epoch += 1;
        let epoch = Epoch(self.last_epoch);
        let record = &mut self.records[id.index()];
        self.timers.set(Owner::Call(id), &mut record.due, NEVER);
        record.attempts += 1;
        record.stage = Stage::Active { lane };
        let attempt = AttemptNo(record.attempts);
        let state = Attempt {
            call: id,
            epoch,
            number: attempt,
            started: None,
            last_output: self.now,
            timeouts: record.timeouts,
            stop: None,
            due: NEVER,
        };
        self.lanes.occupy(lane, state);
        self.effects.push(Effect::Start {
            id,
            lane: LaneId(lane),
            epoch,
            attempt,
        });
    }
}

/// What can be asked.
impl Scheduler {
    /// The latest time of a step.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// When the next step is due at the latest, if nothing happens before.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// Cap, failure policy and order in force.
    pub fn policy(&self) -> Policy {
        self.settings.policy
    }

    /// Whether calls are admitted.
    pub fn phase(&self) -> RunPhase {
        match (self.closing, self.halted_by, self.is_paused) {
            (Closing::Draining | Closing::ShuttingDown, ..) => RunPhase::ShuttingDown,
            (_, Some(_), _) => RunPhase::Stopped,
            (_, _, true) => RunPhase::Paused,
            _ => RunPhase::Open,
        }
    }

    /// How many calls there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no call.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many calls have not ended.
    pub fn open_calls(&self) -> usize {
        self.open_calls
    }

    /// Where a call stands.
    pub fn state(&self, id: CallId) -> Option<CallState> {
        let record = self.records.get(id.index())?;
        Some(match record.stage {
            Stage::Ended(outcome) => CallState::Ended(outcome),
            Stage::Backoff { at } => CallState::Retrying {
                after: AttemptNo(record.attempts),
                at,
            },
            Stage::Ready if record.attempts > 0 => CallState::Retrying {
                after: AttemptNo(record.attempts),
                at: record.retry_at,
            },
            Stage::Waiting | Stage::Ready => CallState::Queued,
            Stage::Active { lane } => self.active_state(lane)?,
        })
    }

    fn active_state(&self, lane: u32) -> Option<CallState> {
        let attempt = self.lanes.get(lane)?;
        let (epoch, lane) = (attempt.epoch, LaneId(lane));
        Some(match attempt.stop {
            Some(stop) => CallState::Stopping {
                lane,
                epoch,
                step: stop
                    .hard_at
                    .map_or(StopStep::Hard, |hard_at| StopStep::Soft { hard_at }),
                cause: stop.cause,
            },
            None if attempt.started.is_none() => CallState::Starting { lane, epoch },
            None => CallState::Running { lane, epoch },
        })
    }

    /// Who is in each lane. At least as long as the cap, longer while lanes
    /// above a lowered cap drain.
    pub fn lanes(&self) -> &[Option<CallId>] {
        self.lanes.calls()
    }

    /// Calls that wait, in the order in which they would start as far as that
    /// is known: the ready ones first.
    pub fn queue(&self) -> Vec<CallId> {
        let mut order: Vec<CallId> = self.queue.iter().map(|place| place.id).collect();
        let ready = order.len();
        let ids = (0..self.records.len()).map(CallId::from_index);
        order.extend(ids.filter(|id| {
            let record = &self.records[id.index()];
            record.is_waiting() && record.stage != Stage::Ready
        }));
        order[ready..].sort_by_key(|id| self.place(*id));
        order
    }

    /// Attempts of a call that were started, and how many may be.
    pub fn attempts(&self, id: CallId) -> Option<(u32, u32)> {
        let record = self.records.get(id.index())?;
        Some((record.attempts, record.retries + 1))
    }

    /// When a call became ready for its first start.
    pub fn ready_at(&self, id: CallId) -> Option<Duration> {
        self.records.get(id.index())?.ready_at
    }
}

/// The outcome of a stop that was ordered, for calls whose tree is gone.
pub(super) fn stopped_outcome(cause: StopCause) -> Outcome {
    match cause {
        StopCause::IdleTimeout | StopCause::RunTimeout => Outcome::TimedOut,
        StopCause::User | StopCause::Shutdown => Outcome::Cancelled,
    }
}
