//! The scheduler itself: one step, and what can be asked of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::auto::Auto;
use super::call_record::{CallRecord, CallStage};
use super::demand::{Demand, Demands, RoundedEstimate};
use super::effect::{Effect, Effects};
use super::graph::Graph;
use super::input::{CallSpec, Input, MachineReading};
use super::lanes::Lanes;
use super::lock_table::LockTable;
use super::machine_claims::MachineClaims;
use super::moment::{Moment, nanoseconds};
use super::ordering::ManualPosition;
use super::queue::Queue;
use super::retry_budget::RetryBudget;
use super::settings::SchedulerSettings;
use super::timeouts::TimeoutTable;
use super::timer::{TimerOwner, Timers};
use super::tool_table::ToolTable;
use crate::model::{
    AttemptNo, AutoCap, CallId, CallState, FailurePolicy, LaneId, LearnedNeed, Outcome, Policy,
    RunPhase, StopCause, StopStep, UNKNOWN_RUN_TIME,
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
    pub(super) now: Moment,
    pub(super) settings: SchedulerSettings,
    pub(super) records: Vec<CallRecord>,
    pub(super) limits: TimeoutTable,
    pub(super) graph: Graph,
    pub(super) demands: Demands,
    pub(super) locks: LockTable,
    pub(super) tools: ToolTable,
    pub(super) pool: MachineClaims,
    pub(super) auto: Auto,
    pub(super) budget: RetryBudget,
    pub(super) lanes: Lanes,
    pub(super) queue: Queue,
    pub(super) timers: Timers,
    pub(super) is_paused: bool,
    /// The call whose failure closed admission under the `stop` policy.
    pub(super) halted_by: Option<CallId>,
    pub(super) closing: Closing,
    pub(super) open_calls: usize,
    /// Calls whose locks were asked for and are not known yet.
    pub(super) unresolved: BTreeSet<CallId>,
    /// Whether the last step left admission to the next, as locks are about
    /// to become known.
    pub(super) is_held: bool,
    /// Ended calls whose dependents have not been told yet.
    pub(super) unsettled: Vec<CallId>,
    pub(super) effects: Effects,
    pub(super) last_epoch: u64,
    /// How many times a user asked for a call to be next.
    pub(super) pins: u32,
    /// Places that users gave to calls by moving them.
    pub(super) moved: BTreeMap<CallId, ManualPosition>,
}

impl Scheduler {
    /// A scheduler without calls.
    pub fn new(settings: SchedulerSettings) -> Self {
        let mut lanes = Lanes::default();
        let policy = settings.policy;
        let mut auto = Auto::new(settings.cores, &settings.learned, policy.control);
        auto.switch(policy.control, policy.cap);
        if auto.is_on() {
            lanes.fit(auto.lanes().get());
        } else {
            lanes.fit(policy.cap.get());
        }
        Self {
            now: Moment::START,
            tools: ToolTable::new(&settings.tools),
            auto,
            pool: MachineClaims::new(settings.cores, settings.memory_bytes),
            settings,
            records: Vec::new(),
            limits: TimeoutTable::default(),
            graph: Graph::default(),
            demands: Demands::default(),
            locks: LockTable::default(),
            budget: RetryBudget::default(),
            lanes,
            queue: Queue::default(),
            timers: Timers::default(),
            is_paused: false,
            halted_by: None,
            closing: Closing::Open,
            open_calls: 0,
            unresolved: BTreeSet::new(),
            is_held: false,
            unsettled: Vec::new(),
            effects: Effects::new(),
            last_epoch: 0,
            pins: 0,
            moved: BTreeMap::new(),
        }
    }

    /// Takes in one thing that happened at `now`, the time since the run's
    /// start, and says what is to be done. A `now` before the last one counts
    /// as the last one.
    pub fn step(&mut self, now: Duration, input: Input) -> Effects {
        self.now = self.now.max(now.into());
        self.is_held = matches!(input, Input::LocksResolved { .. });
        self.take(input);
        self.settle();
        while let Some(owner) = self.timers.fired(self.now) {
            match owner {
                TimerOwner::Lane(lane) => self.fire_attempt(lane),
                TimerOwner::Call(id) => self.fire_call(id),
                TimerOwner::Tool(tool) => self.fire_tool(tool),
            }
            self.settle();
        }
        // A call whose locks are asked for is ready as soon as they are known,
        // and its place may be before others: the answers come first.
        self.is_held &= !self.unresolved.is_empty();
        if !self.is_held {
            self.admit();
        }
        #[cfg(debug_assertions)]
        self.check();
        std::mem::take(&mut self.effects)
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::CallsQueued(specs) => self.queue_calls(&specs),
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
            Input::MachineRead(reading) => self.read_machine(&reading),
            Input::Ticked => {}
            Input::ShutdownRequested => self.shut_down(),
            Input::DrainRequested => self.drain(),
        }
    }

    fn queue_calls(&mut self, specs: &[CallSpec]) {
        let first = self.records.len();
        for spec in specs {
            // A batch that comes twice names calls that are there already.
            if spec.id.index() == self.records.len() {
                let record = self.record(spec);
                self.graph.add_call();
                self.records.push(record);
            }
        }
        let count = self.records.len() - first;
        self.open_calls += count;
        for spec in specs.iter().filter(|spec| spec.id.index() >= first) {
            self.records[spec.id.index()].pending += self.graph.add_edges(spec.id, &spec.after);
        }
        self.rank(first);
        for index in first..self.records.len() {
            self.set_initial_stage(CallId::from_index(index), first);
        }
    }

    fn record(&mut self, spec: &CallSpec) -> CallRecord {
        let estimate = spec.estimate.unwrap_or(UNKNOWN_RUN_TIME);
        let (millicores, memory) = self
            .pool
            .clamped(spec.claims.cpus, spec.claims.memory_bytes);
        let demand = Demand {
            tool: self.tools.number(&spec.tool),
            kind: self.auto.kind(&spec.tool, spec.args),
            locks: self.locks.intern(&spec.locks),
            millicores,
            memory,
            rounded_estimate: RoundedEstimate::of(estimate),
        };
        self.auto.opened(&demand);
        CallRecord {
            stage: CallStage::Waiting,
            last: None,
            is_lock_pending: spec.is_lock_pending,
            pending: u32::from(spec.is_lock_pending),
            priority: spec.priority,
            retries: spec.retries,
            attempts: 0,
            limits: self.limits.intern(spec.timeouts),
            demand: self.demands.intern(demand),
            group: self.queue.group(spec.group.as_ref()),
            culprit: None,
            overtaken: 0,
            pin: 0,
            estimate: nanoseconds(estimate),
            rank: nanoseconds(estimate),
            not_before: spec.start_after.map_or(Moment::START, Moment::from),
            ready_at: Moment::NEVER,
            due: Moment::NEVER,
        }
    }

    fn change_policy(&mut self, policy: Policy) {
        if policy.order == self.settings.policy.order {
            self.settings.policy = policy;
        } else {
            self.change_order(policy);
        }
        if policy.on_failure != FailurePolicy::Stop {
            self.halted_by = None;
        }
        self.auto.switch(policy.control, policy.cap);
        self.wake_for_room();
        self.lanes.fit(self.lanes_kept());
    }

    /// How many lanes are kept, busy or not.
    pub(super) fn lanes_kept(&self) -> u32 {
        if self.auto.is_on() {
            self.auto.lanes().get()
        } else {
            self.settings.policy.cap.get()
        }
    }

    fn read_machine(&mut self, reading: &MachineReading) {
        let is_short = self.is_short_of_cores();
        let cap = self.settings.policy.cap;
        if let Some(step) = self.auto.read(self.now, reading, is_short, cap) {
            self.effects.push(Effect::StepCap(step));
            self.lanes.fit(self.lanes_kept());
        }
        self.wake_for_room();
    }

    /// Asks for the locks of a call that waits for nothing else.
    pub(super) fn ask_for_locks(&mut self, id: CallId) {
        self.effects.push(Effect::ResolveLocks { id });
        self.unresolved.insert(id);
        self.is_held = true;
    }

    /// Makes a call ready, or waits for its start time.
    pub(super) fn make_ready(&mut self, id: CallId) {
        let now = self.now;
        let record = &mut self.records[id.index()];
        if record.not_before > now {
            self.timers
                .set(TimerOwner::Call(id), &mut record.due, record.not_before);
            return;
        }
        record.stage = CallStage::Ready;
        let mut due = Moment::NEVER;
        if record.attempts == 0 {
            record.ready_at = now;
            let limit = self.limits.get(record.limits).queue;
            due = limit.map_or(Moment::NEVER, |limit| now.plus(limit));
        }
        self.timers.set(TimerOwner::Call(id), &mut record.due, due);
        let group = record.group;
        self.queue.update_shares(group, |shares| shares.join(group));
        self.enqueue(id);
    }
}

/// What can be asked.
impl Scheduler {
    /// The latest time of a step.
    pub fn now(&self) -> Duration {
        self.now.into()
    }

    /// When the next step is due at the latest, if nothing happens before.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.next().map(Duration::from)
    }

    /// Cap, failure policy and order in force.
    pub fn policy(&self) -> Policy {
        self.settings.policy
    }

    /// What the automatic cap goes by; `None` while it is off.
    pub fn auto_cap(&self) -> Option<AutoCap> {
        self.auto.figures(self.settings.policy.cap)
    }

    /// What calls of tools were seen to need, in this run and in those before.
    pub fn learned(&self) -> Vec<LearnedNeed> {
        self.auto.learned()
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
            CallStage::Ended(outcome) => CallState::Ended(outcome),
            _ if record.is_waiting() && record.attempts > 0 => CallState::Retrying {
                after: AttemptNo(record.attempts),
                at: record.not_before.into(),
            },
            CallStage::Active { lane } => self.active_state(lane)?,
            _ => CallState::Queued,
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
                    .map_or(StopStep::Hard, |hard_at| StopStep::Soft {
                        hard_at: hard_at.into(),
                    }),
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
        let ready = self.queue.in_order();
        let mut order: Vec<CallId> = ready.into_iter().map(|key| key.id).collect();
        let ready = order.len();
        let ids = (0..self.records.len()).map(CallId::from_index);
        order.extend(ids.filter(|id| {
            let record = &self.records[id.index()];
            record.is_waiting() && record.stage != CallStage::Ready
        }));
        order[ready..].sort_by_cached_key(|id| (self.fairness_key(*id).class, self.key(*id)));
        order
    }

    /// Attempts of a call that were started, and how many may be.
    pub fn attempts(&self, id: CallId) -> Option<(u32, u32)> {
        let record = self.records.get(id.index())?;
        Some((record.attempts, record.retries + 1))
    }

    /// When a call became ready for its first start.
    pub fn ready_at(&self, id: CallId) -> Option<Duration> {
        let ready_at = self.records.get(id.index())?.ready_at;
        ready_at.is_set().then(|| ready_at.into())
    }
}

/// The outcome of a stop that was ordered, for calls whose tree is gone.
pub(super) fn stopped_outcome(cause: StopCause) -> Outcome {
    match cause {
        StopCause::IdleTimeout | StopCause::RunTimeout => Outcome::TimedOut,
        StopCause::User | StopCause::Shutdown => Outcome::Cancelled,
    }
}
