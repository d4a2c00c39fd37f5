//! The scheduler itself: one step, and what can be asked of it.
//!
//! Its parts have owners of their own; the files beside this one say what
//! happens between them: how calls are admitted, stopped and ended.

mod admission;
#[cfg(debug_assertions)]
mod checks;
mod ended;
mod ordering;
mod rank;
mod reservation;
mod stop_ladder;
mod wait_reason;

use std::time::Duration;

use crate::model::{
    AttemptNo, AutoCap, CallId, CallState, FailurePolicy, LaneId, LearnedNeed, Policy, RunPhase,
    StopStep, UNKNOWN_RUN_TIME,
};
use crate::sched::call_record::{CallRecord, CallStage};
use crate::sched::calls::Calls;
use crate::sched::effect::{Effect, Effects};
use crate::sched::graph::Graph;
use crate::sched::input::{CallReading, CallSpec, Input, MachineReading};
use crate::sched::lanes::Lanes;
use crate::sched::lock_questions::LockQuestions;
use crate::sched::manual_order::ManualOrder;
use crate::sched::moment::{Moment, nanoseconds};
use crate::sched::queue::Queue;
use crate::sched::resources::Resources;
use crate::sched::run_control::RunControl;
use crate::sched::settings::SchedulerSettings;
use crate::sched::timeouts::TimeoutTable;
use crate::sched::timer::{TimerOwner, Timers};

/// The pure scheduler of one run.
#[derive(Debug)]
pub struct Scheduler {
    now: Moment,
    settings: SchedulerSettings,
    calls: Calls,
    graph: Graph,
    timeouts: TimeoutTable,
    resources: Resources,
    lanes: Lanes,
    queue: Queue,
    timers: Timers,
    control: RunControl,
    lock_questions: LockQuestions,
    manual_order: ManualOrder,
    /// Ended calls whose dependents have not been told yet.
    unsettled: Vec<CallId>,
    effects: Effects,
    last_epoch: u64,
}

impl Scheduler {
    /// A scheduler without calls.
    pub fn new(settings: SchedulerSettings) -> Self {
        let mut scheduler = Self {
            now: Moment::START,
            calls: Calls::default(),
            graph: Graph::default(),
            timeouts: TimeoutTable::default(),
            resources: Resources::new(&settings),
            settings,
            lanes: Lanes::default(),
            queue: Queue::default(),
            timers: Timers::default(),
            control: RunControl::default(),
            lock_questions: LockQuestions::default(),
            manual_order: ManualOrder::default(),
            unsettled: Vec::new(),
            effects: Effects::new(),
            last_epoch: 0,
        };
        scheduler.lanes.fit(scheduler.lanes_kept());
        scheduler
    }

    /// Takes in one thing that happened at `now`, the time since the run's
    /// start, and returns what is to be done. A `now` before the last one counts
    /// as the last one.
    pub fn step(&mut self, now: Duration, input: Input) -> Effects {
        self.now = self.now.max(now.into());
        let is_answer = matches!(input, Input::LocksResolved { .. });
        self.lock_questions.begin_step(is_answer);
        match input {
            Input::CallsQueued(specs) => self.queue_calls(&specs),
            Input::CallsWithdrawn(ids) => {
                for id in ids {
                    self.withdraw(id);
                }
            }
            Input::LocksResolved { id, locks } => self.resolve_locks(id, &locks),
            Input::CancelRequested { ids, cause, force } => {
                for id in ids {
                    self.cancel(id, cause, force);
                }
            }
            Input::PolicyChanged(policy) => self.change_policy(policy),
            Input::Paused => self.control.pause(),
            Input::Resumed => self.control.resume(),
            Input::AttemptStarted { id, epoch } => self.attempt_started(id, epoch),
            Input::AttemptEnded { id, epoch, end } => self.attempt_ended(id, epoch, end),
            Input::OutputSeen { id, epoch } => self.output_seen(id, epoch),
            Input::QuestionAsked { id, epoch } => self.question_asked(id, epoch),
            Input::QuestionAnswered { id, epoch } => self.question_answered(id, epoch),
            Input::CallMoved { id, before } => self.move_call(id, before),
            Input::PriorityChanged { id, priority } => self.set_priority(id, priority),
            Input::RunNextRequested { id } => self.pin(id),
            Input::MachineRead(reading) => self.read_machine(&reading),
            Input::Ticked => {}
            Input::ShutdownRequested => self.shut_down(),
            Input::DrainRequested => self.drain(),
        }
        self.settle();
        while let Some(owner) = self.timers.fired(self.now) {
            match owner {
                TimerOwner::Lane(lane) => self.fire_attempt(lane),
                TimerOwner::Call(id) => self.fire_call(id),
                TimerOwner::Tool(tool) => self.fire_tool(tool),
            }
            self.settle();
        }
        if !self.lock_questions.holds_admission() {
            self.admit();
        }
        #[cfg(debug_assertions)]
        self.check();
        std::mem::take(&mut self.effects)
    }

    fn queue_calls(&mut self, specs: &[CallSpec]) {
        let first = self.calls.len();
        let mut added = Vec::with_capacity(specs.len());
        for spec in specs {
            // A batch that comes twice names calls that are there already.
            if self.calls.is_absent(spec.id) && !self.graph.has_edges(spec.id) {
                let record = self.record(spec);
                self.graph.fit(spec.id);
                self.calls.insert(spec.id, record);
                added.push(spec.id);
            }
        }
        for spec in specs.iter().filter(|spec| spec.id.index() >= first) {
            self.calls[spec.id].pending += self.graph.add_edges(spec.id, &spec.after);
        }
        self.rank(first);
        for id in added {
            self.set_initial_stage(id, first);
        }
    }

    fn record(&mut self, spec: &CallSpec) -> CallRecord {
        let estimate = spec.estimate.unwrap_or(UNKNOWN_RUN_TIME);
        let not_before = spec.start_after.map_or(Moment::START, Moment::from);
        CallRecord {
            stage: CallStage::Waiting,
            is_absent: false,
            last: None,
            is_lock_pending: spec.is_lock_pending,
            pending: u32::from(spec.is_lock_pending),
            priority: spec.priority,
            retries: spec.retries,
            attempts: 0,
            timeouts: self.timeouts.intern(spec.timeouts),
            demand: self.resources.open(spec, estimate),
            group: self.queue.group(spec.group.as_ref()),
            culprit: None,
            overtaken: 0,
            pin: 0,
            estimate: nanoseconds(estimate),
            rank: nanoseconds(estimate),
            not_before,
            joined_at: self.now.max(not_before),
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
            self.control.forget_failure();
        }
        self.resources.switch_auto(policy);
        self.wake_for_room();
        self.lanes.fit(self.lanes_kept());
    }

    /// How many lanes are kept, busy or not.
    pub(super) fn lanes_kept(&self) -> u32 {
        if self.resources.auto().is_on() {
            self.resources.auto().lanes().get()
        } else {
            self.settings.policy.cap.get()
        }
    }

    fn read_machine(&mut self, reading: &MachineReading) {
        for call in &reading.calls {
            self.read_call(call);
        }
        let is_short = self.is_short_of_cores();
        let is_alone = self.lanes.busy() <= 1;
        let cap = self.settings.policy.cap;
        let steps = self
            .resources
            .read_machine(self.now, reading, is_short, is_alone, cap);
        if !steps.is_empty() {
            self.effects.extend(steps.into_iter().map(Effect::StepCap));
            self.lanes.fit(self.lanes_kept());
        }
        self.wake_for_room();
    }

    fn read_call(&mut self, reading: &CallReading) {
        let demand = self.calls.get(reading.id).map(|record| record.demand);
        let lane = self.current(reading.id, reading.epoch);
        if let Some(demand) = demand
            && let Some(attempt) = lane.and_then(|lane| self.lanes.get_mut(lane))
        {
            let now = self.now;
            self.resources
                .observe(demand, &mut attempt.usage, now, reading);
        }
    }

    /// Asks for the locks of a call that waits for nothing else.
    pub(super) fn ask_for_locks(&mut self, id: CallId) {
        self.effects.push(Effect::ResolveLocks { id });
        self.lock_questions.ask(id);
    }

    /// Makes a call ready, or waits for its start time.
    pub(super) fn make_ready(&mut self, id: CallId) {
        let now = self.now;
        let record = &mut self.calls[id];
        if record.not_before > now {
            self.timers
                .set(TimerOwner::Call(id), &mut record.due, record.not_before);
            return;
        }
        record.stage = CallStage::Ready;
        let mut due = Moment::NEVER;
        if record.attempts == 0 {
            record.ready_at = now;
            let limit = self.timeouts.get(record.timeouts).queue;
            due = limit.map_or(Moment::NEVER, |limit| now.plus(limit));
        }
        self.timers.set(TimerOwner::Call(id), &mut record.due, due);
        let group = record.group;
        self.queue.update_shares(group, |shares| shares.join(group));
        self.enqueue(id);
    }
}

/// Queries.
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

    /// Figures of the automatic cap; `None` while it is off.
    pub fn auto_cap(&self) -> Option<AutoCap> {
        self.resources.auto().figures(self.settings.policy.cap)
    }

    /// Measured needs of tools, in this run and in earlier ones.
    pub fn learned(&self) -> Vec<LearnedNeed> {
        self.resources.auto().learned()
    }

    /// Whether calls are admitted.
    pub fn phase(&self) -> RunPhase {
        self.control.phase()
    }

    /// How many calls there are, and places that stay empty.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there is no call.
    pub fn is_empty(&self) -> bool {
        self.calls.len() == 0
    }

    /// How many calls have not ended.
    pub fn open_calls(&self) -> usize {
        self.calls.open()
    }

    /// Where a call stands.
    pub fn state(&self, id: CallId) -> Option<CallState> {
        let record = self.calls.get(id).filter(|record| !record.is_absent)?;
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

    /// The call in each lane. At least as long as the cap, longer while lanes
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
        let others = self
            .calls
            .iter()
            .filter(|(_, record)| record.is_waiting() && record.stage != CallStage::Ready);
        order.extend(others.map(|(id, _)| id));
        order[ready..].sort_by_cached_key(|id| (self.fairness_key(*id).class, self.key(*id)));
        order
    }

    /// Attempts of a call that were started, and how many may be.
    pub fn attempts(&self, id: CallId) -> Option<(u32, u32)> {
        let record = self.calls.get(id)?;
        Some((record.attempts, record.retries + 1))
    }

    /// When a call became ready for its first start.
    pub fn ready_at(&self, id: CallId) -> Option<Duration> {
        let ready_at = self.calls.get(id)?.ready_at;
        ready_at.is_set().then(|| ready_at.into())
    }
}
