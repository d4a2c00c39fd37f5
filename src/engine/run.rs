//! The loop: select, decide, act. It alone changes what is known of a run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand_core::SeedableRng;
use tokio::sync::{mpsc, watch};
use tokio::time::{self, Instant};

use super::Command;
use super::agents::AgentWatch;
use super::aside::{Aside, Completion};
use super::cap_log::CapLog;
use super::clock::RunClock;
use super::event_recorder::EventRecorder;
use super::hazards::OverlapDetector;
use super::inflight::Inflight;
use super::lane_time::BusyLaneTime;
use super::launcher::Launcher;
use super::outputs::Outputs;
use super::publisher::Publisher;
use super::rows::Rows;
use super::sampling::Sampling;
use super::server_watch::ServerWatch;
use super::setup::{Lifetime, LoadFeed, Setup};
use super::snapshot_lists::Lists;
use crate::catalogue::Catalogue;
use crate::exec::proxy::attach::ProxyNews;
use crate::exec::{AttemptEvent, Spawner};
use crate::model::{
    Call, CallId, CallName, CallOrigin, Cap, EventKind, Inspection, Plan, Policy, RunId, Snapshot,
    ToolName,
};
use crate::sched::{CallSpec, DecisionRecord, Input, Scheduler, SchedulerSettings, ToolLimits};

/// News of attempts that may wait for the loop.
const ATTEMPT_EVENTS: usize = 1024;
/// News handled before the loop looks at anything else.
const BATCH: usize = 64;
/// How often output is looked at while calls run.
const OUTPUT_PERIOD: Duration = Duration::from_millis(50);

/// A run under way.
pub(super) struct EngineLoop {
    pub(super) id: RunId,
    pub(super) plan_name: Arc<str>,
    pub(super) started_at: SystemTime,
    pub(super) clock: RunClock,
    pub(super) scheduler: Scheduler,
    pub(super) policy: Policy,
    pub(super) cap_log: CapLog,
    pub(super) names: BTreeMap<CallName, CallId>,
    pub(super) rows: Rows,
    pub(super) inflight: Inflight,
    /// Calls whose locks are resolved aside.
    pub(super) resolving: BTreeSet<CallId>,
    pub(super) launcher: Arc<Launcher>,
    /// The catalogue, for those outside.
    pub(super) catalogues: watch::Sender<Arc<Catalogue>>,
    pub(super) lists: Lists,
    pub(super) hazards: OverlapDetector,
    pub(super) servers: ServerWatch,
    pub(super) agents: AgentWatch,
    pub(super) lane_time: BusyLaneTime,
    pub(super) load: Option<LoadFeed>,
    pub(super) recorder: EventRecorder,
    pub(super) sampling: Sampling,
    /// Whether the user was told what keeps output from the disk.
    pub(super) is_disk_problem_shown: bool,
    pub(super) revision: u64,
    pub(super) notice: Option<(u64, Arc<str>)>,
    /// Number of calls of the plan, which come first.
    pub(super) planned_calls: usize,
    /// Index of the first call of the plan's latest round.
    pub(super) round: usize,
    /// Calls whose failure or skip the plan expects.
    pub(super) planned: Arc<BTreeSet<CallId>>,
    /// The latest look at the processes of a call.
    pub(super) inspection: Option<Arc<Inspection>>,
    /// Ended calls of which it is kept how they were started, oldest first.
    pub(super) kept_launches: VecDeque<CallId>,
    pub(super) lifetime: Lifetime,
    pub(super) aside: Aside,
    completions: Option<mpsc::Receiver<Completion>>,
    attempts: Option<mpsc::Receiver<AttemptEvent>>,
    proxy_news: Option<mpsc::Receiver<ProxyNews>>,
    is_dirty: bool,
}

impl EngineLoop {
    pub(super) fn new(mut setup: Setup) -> Self {
        let asked = setup.policy.cap;
        setup.policy.cap = cap_with_room(setup.spawner.as_ref(), asked);
        let is_replay = setup.spawner.is_replay();
        let (attempt_sender, attempts) = mpsc::channel(ATTEMPT_EVENTS);
        let (completion_sender, completions) = mpsc::channel(ATTEMPT_EVENTS);
        let settings = settings(&setup);
        let scheduler = Scheduler::new(settings.clone());
        let mut run = Self {
            id: setup.run,
            plan_name: setup.plan.name.as_str().into(),
            started_at: SystemTime::now(),
            clock: RunClock::start(),
            scheduler,
            policy: setup.policy,
            cap_log: CapLog::new(setup.policy),
            names: BTreeMap::new(),
            rows: Rows::default(),
            inflight: Inflight::default(),
            resolving: BTreeSet::new(),
            catalogues: watch::Sender::new(Arc::clone(&setup.catalogue)),
            launcher: Arc::new(Launcher {
                catalogue: setup.catalogue,
                spawner: setup.spawner,
                outputs: Arc::new(Outputs::new(setup.store)),
                surroundings: setup.surroundings,
                time_scale: setup.time_scale,
                events: attempt_sender,
                pause: watch::Sender::new(false),
            }),
            lists: Lists::default(),
            hazards: OverlapDetector::default(),
            servers: ServerWatch::default(),
            agents: setup
                .agents
                .as_ref()
                .map(AgentWatch::of)
                .unwrap_or_default(),
            lane_time: BusyLaneTime::default(),
            load: setup.load,
            recorder: EventRecorder::new(setup.recorder, setup.tape),
            sampling: Sampling::new(setup.probe, setup.cores),
            is_disk_problem_shown: false,
            revision: 0,
            notice: None,
            planned_calls: setup.plan.calls.len(),
            round: 0,
            planned: Arc::new(setup.plan.planned_endings()),
            inspection: None,
            kept_launches: VecDeque::new(),
            lifetime: setup.lifetime,
            aside: Aside::new(completion_sender, is_replay),
            completions: Some(completions),
            attempts: Some(attempts),
            proxy_news: setup.agents.map(|feed| feed.news),
            is_dirty: true,
        };
        run.recorder
            .decision(DecisionRecord::Begun(Box::new(settings)));
        run.begin(setup.plan);
        run.warn_of_lane_limit(asked);
        run
    }

    /// Registers the plan's calls. They start with the loop.
    fn begin(&mut self, plan: Plan) {
        self.record(
            Duration::ZERO,
            EventKind::RunStarted {
                run: self.id.clone(),
                plan: Arc::clone(&self.plan_name),
                calls: plan.calls.len(),
                policy: self.policy,
            },
        );
        for call in plan.calls {
            self.register(&call, Duration::ZERO);
        }
    }

    /// Adds the row of a call and records that it was queued.
    pub(super) fn register(&mut self, call: &Arc<Call>, now: Duration) {
        self.rows.add(call, now);
        self.record(
            now,
            EventKind::CallQueued {
                call: call.id,
                name: call.name.clone(),
                tool: call.tool.clone(),
                args: Arc::clone(&call.args),
            },
        );
        if !matches!(call.origin, CallOrigin::Agent | CallOrigin::Load) {
            // Nothing refers to a call of an agent or of a load.
            self.names.insert(call.name.clone(), call.id);
        }
    }

    /// Runs the loop to the end of the run. Returns the last snapshot.
    pub(super) async fn run_loop(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        sender: watch::Sender<Arc<Snapshot>>,
    ) -> Arc<Snapshot> {
        let mut publisher = Publisher::new(sender);
        let (Some(mut attempts), Some(mut completions)) =
            (self.attempts.take(), self.completions.take())
        else {
            return self.first_snapshot();
        };
        let mut readings = self.sampling.readings();
        let mut proxy_news = self.proxy_news.take();
        let mut server_changes = self.launcher.spawner.server_changes();
        let mut output_tick = time::interval(OUTPUT_PERIOD);
        output_tick.set_missed_tick_behavior(time::MissedTickBehavior::Skip);
        let first = 0..self.rows.len();
        self.queue(first);
        let mut is_asked_to_end = false;
        let mut is_command_open = true;
        while !self.is_over(is_asked_to_end) {
            let deadline = self.deadline();
            let due = publisher.due();
            tokio::select! {
                biased;
                command = commands.recv(), if is_command_open => {
                    is_command_open = command.is_some();
                    // Without anybody left to ask, the run is ended.
                    let command = command.unwrap_or(Command::Shutdown);
                    is_asked_to_end |= matches!(command, Command::Drain | Command::Shutdown);
                    self.handle_command(command);
                }
                () = self.recorder.flush(), if self.recorder.has_pending() => {}
                Some(event) = attempts.recv(), if self.accepts_news() => {
                    self.attempt_changed(event);
                    for _ in 1..BATCH {
                        let Ok(event) = attempts.try_recv() else { break };
                        self.attempt_changed(event);
                    }
                }
                Some(news) = told(&mut proxy_news), if self.accepts_news() && !is_asked_to_end => {
                    self.proxies_told(news, &mut proxy_news);
                }
                Some(completion) = completions.recv(), if self.accepts_news() => {
                    self.handle_completion(completion);
                }
                Ok(()) = readings.changed() => {
                    let reading = Arc::clone(&readings.borrow_and_update());
                    self.take_reading(&reading);
                }
                () = changed(&mut server_changes) => {
                    self.servers.is_stale = true;
                    self.mark();
                }
                _ = output_tick.tick(), if !self.inflight.is_empty() => self.collect_output(),
                () = sleep_until(deadline), if deadline.is_some() => self.tick(),
                () = sleep_until(due), if due.is_some() => publisher.publish(self.snapshot()),
            }
            if std::mem::take(&mut self.is_dirty) {
                publisher.mark();
            }
        }
        self.close(publisher).await
    }

    /// Ends the run: sends the last events, then the last snapshot.
    async fn close(mut self, mut publisher: Publisher) -> Arc<Snapshot> {
        self.collect_output();
        self.sampling.set_targets(Vec::new());
        let mut last = self.snapshot();
        last.learned = Arc::new(self.scheduler.learned());
        let last = Arc::new(last);
        self.record(
            last.now,
            EventKind::RunEnded {
                counts: last.counts,
                wall: last.elapsed(),
            },
        );
        publisher.publish((*last).clone());
        while self.recorder.has_pending() {
            self.recorder.flush().await;
        }
        last
    }

    fn is_over(&self, is_asked_to_end: bool) -> bool {
        let may_end = is_asked_to_end || self.lifetime == Lifetime::UntilEnded;
        may_end && self.rows.counts().open() == 0 && self.inflight.is_empty()
    }

    /// Whether events of attempts are handled now: not while the recorder is
    /// behind, nor while the run is suspended, since they start calls.
    fn accepts_news(&self) -> bool {
        !self.recorder.is_behind() && !self.clock.is_suspended()
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.scheduler.next_deadline(), self.inflight.next_timeout()];
        self.clock
            .instant_of(deadlines.into_iter().flatten().min()?)
    }

    /// Does what is due now.
    fn tick(&mut self) {
        let now = self.clock.now();
        self.end_overdue_preparations(now);
        self.step(now, Input::Ticked);
    }

    /// Queues calls in the scheduler.
    pub(super) fn queue(&mut self, indices: std::ops::Range<usize>) {
        let calls = indices.filter_map(|index| self.rows.get(CallId::from_index(index)));
        let specs = calls.map(|row| self.spec(&row.call)).collect();
        self.step(self.clock.now(), Input::CallsQueued(specs));
    }

    pub(super) fn spec(&self, call: &Call) -> CallSpec {
        let mut spec = CallSpec::of(call);
        spec.start_after = call.start_after.map(|at| self.launcher.scaled(at));
        spec.estimate = call.estimate.map(|time| self.launcher.scaled(time));
        spec.is_lock_pending = self.launcher.has_pending_locks(call);
        spec.service = self.launcher.service(call);
        spec
    }

    /// Records an event.
    pub(super) fn record(&mut self, t: Duration, what: EventKind) {
        super::log::log(t, &what);
        self.recorder.event(t, what);
    }

    /// Shows a message to the user.
    pub(super) fn notify(&mut self, text: &str) {
        let number = self.notice.as_ref().map_or(1, |(number, _)| number + 1);
        self.notice = Some((number, text.into()));
        self.mark();
    }

    /// Shows a message if there is no room for the cap that was asked for.
    pub(super) fn warn_of_lane_limit(&mut self, asked: Cap) {
        let limit = self.launcher.spawner.lane_limit();
        if let Some(limit) = limit.filter(|limit| limit.cap < asked) {
            self.notify(&limit.explain(asked));
        }
    }

    /// Notes that something changed which a snapshot shows.
    pub(super) fn mark(&mut self) {
        self.is_dirty = true;
        self.revision += 1;
    }
}

/// The cap that is asked for, or what there is room for.
pub(super) fn cap_with_room(spawner: &dyn Spawner, asked: Cap) -> Cap {
    let limit = spawner.lane_limit();
    limit.map_or(asked, |limit| asked.min(limit.cap))
}

/// Returns the scheduler's settings. Claims bind against usable cores and the
/// machine's memory.
fn settings(setup: &Setup) -> SchedulerSettings {
    let generator = rand_pcg::Pcg64Mcg::seed_from_u64(setup.seed);
    // What the user allows a server's tools is known before it tells of them.
    let catalogue = &setup.catalogue;
    let unlisted = catalogue.servers().flat_map(|server| {
        let names = server.tools.keys();
        names.filter_map(|tool| {
            let name = ToolName::new(format!("{}.{tool}", server.name));
            ToolLimits::of(&catalogue.assumed_tool(&name)?)
        })
    });
    let tools = catalogue.tools().filter_map(ToolLimits::of);
    let tools = tools.chain(unlisted).collect();
    SchedulerSettings {
        cores: Some(f64::from(setup.cores)),
        memory_bytes: crate::probe::machine_memory_bytes(),
        tools,
        learned: setup.learned.clone(),
        ..SchedulerSettings::new(setup.policy, generator)
    }
}

/// Waits for a change; never ends where nothing changes any more.
async fn changed(changes: &mut Option<watch::Receiver<u64>>) {
    if let Some(changes) = changes
        && changes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Waits for news of agents; never ends where there are none any more.
async fn told(news: &mut Option<mpsc::Receiver<ProxyNews>>) -> Option<ProxyNews> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}

/// Waits until a moment; never ends without one.
async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
