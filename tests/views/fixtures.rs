//! Made-up runs, as the engine would publish them.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use fanout::catalogue::Catalogue;
use fanout::model::{
    AskedTime, AttemptNo, AttemptRecord, Call, CallCounts, CallId, CallName, CallRow, CallSample,
    CallState, Cap, Edge, EdgeKind, Ending, Epoch, Flow, History, LaneId, LockKey, MachineSample,
    Outcome, Policy, RunId, RunPhase, ServerState, SharedVec, Snapshot, StopCause, StopStep,
    ToolName, WaitReason, WaitSpan,
};
use fanout::tui::state::State;
use ratatui::layout::Size;
use serde_json::{Value, json};

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn id(number: usize) -> CallId {
    CallId::from_index(number - 1)
}

/// The sample tools.
pub(crate) fn tools() -> Arc<Catalogue> {
    static TOOLS: LazyLock<Arc<Catalogue>> =
        LazyLock::new(|| Arc::new(Catalogue::sample().expect("the sample tools are sound")));
    Arc::clone(&TOOLS)
}

/// The dashboard at its start.
pub(crate) fn state(run: Arc<Snapshot>, size: Size) -> State {
    State::new(run, tools(), size)
}

/// Takes the tools of the servers that run into a catalogue, as the engine does.
pub(crate) fn with_listed(catalogue: Arc<Catalogue>, run: &Snapshot) -> Arc<Catalogue> {
    let ready = run.servers.iter();
    let ready = ready.filter(|row| row.state == ServerState::Ready && !row.tools.is_empty());
    ready.fold(catalogue, |catalogue, row| {
        let (catalogue, _) = Catalogue::clone(&catalogue).with_listed(&row.name, &row.tools);
        catalogue.compile_listed(&row.name);
        Arc::new(catalogue)
    })
}

/// A run that is being put together; its clock stands at 134 s.
pub(crate) struct Run {
    snapshot: Snapshot,
    calls: Vec<CallRow>,
    lanes: Vec<Option<CallId>>,
    queue: Vec<CallId>,
    finished: Vec<CallId>,
}

pub(crate) const NOW: Duration = Duration::from_secs(134);

impl Run {
    pub(crate) fn new(cap: u32) -> Self {
        let mut machine = History::new(60);
        for share in [0.4, 0.9, 1.3, 1.0, 1.2, 1.22] {
            machine.push(Some(MachineSample {
                cpu_cores: Some(share),
                per_core: vec![share / 2.0, share / 2.0],
                memory_used_bytes: 5_100 << 20,
                memory_total_bytes: 16 << 30,
                network: Some(Flow {
                    in_bytes_per_second: (share * 1e6) as u64,
                    out_bytes_per_second: 40_000,
                }),
                ..MachineSample::default()
            }));
        }
        let policy = Policy {
            cap: Cap::new(cap).expect("a cap above 0"),
            ..Policy::default()
        };
        let snapshot = Snapshot {
            revision: 1,
            now: NOW,
            run: RunId::new("r1"),
            plan: "trip research".into(),
            started_at: SystemTime::UNIX_EPOCH,
            phase: RunPhase::Open,
            is_suspended: false,
            suspended_for: Duration::ZERO,
            highest_cap: policy.cap,
            auto: None,
            cap_changes: Arc::new(History::new(1)),
            learned: Arc::default(),
            load_samples: Arc::new(History::new(1)),
            policy,
            counts: CallCounts::default(),
            calls: SharedVec::default(),
            lanes: Arc::default(),
            lane_time: Duration::ZERO,
            queue: Arc::default(),
            finished: Arc::default(),
            machine: Arc::new(machine),
            cores: 2,
            missed_samples: 0,
            hazards: Arc::default(),
            servers: Arc::default(),
            server_gauges: Arc::default(),
            agents: Arc::default(),
            round: 0,
            planned: Arc::default(),
            inspection: None,
            notice: None,
        };
        Self {
            snapshot,
            calls: Vec::new(),
            lanes: vec![None; cap as usize],
            queue: Vec::new(),
            finished: Vec::new(),
        }
    }

    pub(crate) fn cap(mut self, cap: u32) -> Self {
        self.snapshot.policy.cap = Cap::new(cap).expect("a cap above 0");
        self
    }

    fn row(&mut self, name: &str, tool: &str, args: Value, state: CallState) -> &mut CallRow {
        let id = CallId::from_index(self.calls.len());
        *self.snapshot.counts.slot(&state) += 1;
        let (name, tool) = (CallName::new(name), ToolName::new(tool));
        let call = Call::new(id, name, tool, args);
        let samples = Arc::new(History::new(60));
        self.calls.push(CallRow {
            are_args_resolved: true,
            state,
            ..CallRow::new(Arc::new(call), samples, ms(0))
        });
        self.calls.last_mut().expect("just pushed")
    }

    /// A call in a lane, started `elapsed` ago.
    pub(crate) fn busy(
        mut self,
        name: &str,
        args: Value,
        elapsed: u64,
        make: fn(LaneId) -> CallState,
    ) -> Self {
        let free = self.lanes.iter().position(Option::is_none);
        let index = free.unwrap_or(self.lanes.len());
        let lane = LaneId(index as u32);
        let row = self.row(name, name, args, make(lane));
        row.started = Some(NOW.saturating_sub(ms(elapsed)));
        row.attempts = vec![attempt(lane, NOW.saturating_sub(ms(elapsed)), None)];
        let id = row.id;
        match self.lanes.get_mut(index) {
            Some(slot) => *slot = Some(id),
            None => self.lanes.push(Some(id)),
        }
        self
    }

    /// Readings of the last call: cores, with gaps, and bytes of memory.
    pub(crate) fn gauges(mut self, cores: &[Option<f32>], rss: u64) -> Self {
        let mut history = History::new(60);
        for cores in cores {
            history.push(cores.map(|cores| CallSample {
                cpu_cores: Some(cores),
                rss_bytes: rss,
                ..CallSample::default()
            }));
        }
        let row = self.calls.last_mut().expect("a call");
        row.samples = Arc::new(history);
        self
    }

    /// What the last call printed last.
    pub(crate) fn prints(mut self, line: &str) -> Self {
        let row = self.calls.last_mut().expect("a call");
        row.output.last_line = line.into();
        row.output.lines = 214;
        row.output.stdout_bytes = 14 << 10;
        self
    }

    pub(crate) fn estimate(mut self, estimate: u64) -> Self {
        let row = self.calls.last_mut().expect("a call");
        Arc::make_mut(&mut row.call).estimate = Some(ms(estimate));
        self
    }

    pub(crate) fn waiting(mut self, name: &str, args: Value, reason: WaitReason) -> Self {
        let state = match reason {
            WaitReason::Retry { at } => CallState::Retrying {
                after: AttemptNo(1),
                at,
            },
            _ => CallState::Queued,
        };
        let row = self.row(name, name, args, state);
        if let WaitReason::After { call } = reason {
            let after = Edge {
                call,
                on: EdgeKind::Ok,
            };
            Arc::make_mut(&mut row.call).after = vec![after];
        }
        row.wait = Some(reason);
        let id = row.id;
        self.queue.push(id);
        self
    }

    pub(crate) fn ended(
        mut self,
        name: &str,
        outcome: Outcome,
        took: u64,
        reason: Option<&str>,
    ) -> Self {
        let row = self.row(name, name, json!({}), CallState::Ended(outcome));
        row.reason = reason.map(Into::into);
        row.ended = Some(ms(60_000));
        if outcome != Outcome::Skipped {
            let start = ms(60_000 - took);
            row.started = Some(start);
            let ending = Ending::plain(outcome);
            row.attempts = vec![attempt(LaneId(0), start, Some((ms(60_000), ending)))];
        }
        row.output.stdout_bytes = 2048;
        let id = row.id;
        self.finished.insert(0, id);
        self
    }

    pub(crate) fn publish(self) -> Arc<Snapshot> {
        let calls = self.calls.into_iter().map(Arc::new);
        Arc::new(Snapshot {
            calls: calls.collect(),
            lanes: Arc::new(self.lanes),
            queue: Arc::new(self.queue),
            finished: Arc::new(self.finished),
            ..self.snapshot
        })
    }
}

pub(crate) fn attempt(
    lane: LaneId,
    started: Duration,
    end: Option<(Duration, Ending)>,
) -> AttemptRecord {
    AttemptRecord {
        attempt: AttemptNo(1),
        lane,
        lane_taken: started,
        started,
        argv: None,
        asked: AskedTime::default(),
        stop_ordered: None,
        ended: end.as_ref().map(|(at, _)| *at),
        outcome: end.as_ref().map(|(_, ending)| ending.outcome),
        ending: end.map(|(_, ending)| ending),
    }
}

pub(crate) fn running(lane: LaneId) -> CallState {
    CallState::Running {
        lane,
        epoch: Epoch(1),
    }
}

pub(crate) fn starting(lane: LaneId) -> CallState {
    CallState::Starting {
        lane,
        epoch: Epoch(1),
    }
}

pub(crate) fn stopping(lane: LaneId) -> CallState {
    CallState::Stopping {
        lane,
        epoch: Epoch(1),
        step: StopStep::Soft {
            hard_at: NOW + ms(3_200),
        },
        cause: StopCause::User,
    }
}

/// A run with everything on the screen at once.
pub(crate) fn everything() -> Arc<Snapshot> {
    let wave = [
        Some(0.2),
        Some(0.4),
        None,
        Some(0.7),
        Some(1.0),
        Some(0.9),
        Some(0.8),
        Some(0.84),
    ];
    let two = [Some(1.8), Some(2.0), Some(1.9), Some(2.1), Some(2.12)];
    let mut run = Run::new(4)
        .ended("read-file", Outcome::Succeeded, 100, None)
        .ended("http-get", Outcome::Failed, 30_000, Some("exit code 28"))
        .ended("list-dir", Outcome::Succeeded, 40, None)
        .ended("build", Outcome::Cancelled, 11_200, None)
        .ended("deploy", Outcome::Skipped, 0, Some("http-get failed"))
        .ended(
            "crawl",
            Outcome::TimedOut,
            10_000,
            Some("ran longer than 10 s"),
        )
        .ended("daemon", Outcome::Leaked, 900, None)
        .ended("stuck", Outcome::Unconfirmed, 900, Some("2 processes"))
        .ended("orphan", Outcome::Lost, 900, None)
        .busy(
            "grep",
            json!({"pattern": "TODO", "path": "src/", "max": 200}),
            12_400,
            running,
        )
        .gauges(&wave, 112 << 20)
        .prints("src/net/pool.rs:88: // TODO retry with jitter")
        .estimate(18_000)
        .busy(
            "run-tests",
            json!({"package": "core", "filter": "codec::*"}),
            63_900,
            running,
        )
        .gauges(&two, 640 << 20)
        .prints("test codec::round_trip ... ok  (41/97)")
        .estimate(60_000)
        .busy("ignore-term", json!({"seconds": 60}), 8_100, stopping)
        .gauges(&[Some(0.01)], 9 << 20)
        .busy("read-file-2", json!({"path": "README.md"}), 0, starting)
        .waiting(
            "report",
            json!({"text": "{{grep.output.count}} TODOs"}),
            WaitReason::After { call: id(10) },
        )
        .waiting(
            "write-a",
            json!({"path": "out.txt"}),
            WaitReason::Lock {
                key: LockKey::new("file:out.txt"),
                holder: id(11),
            },
        )
        .waiting(
            "flaky",
            json!({"seed": 1}),
            WaitReason::Retry {
                at: NOW + ms(1_200),
            },
        )
        .waiting("summary", json!({}), WaitReason::Slot { busy: 4, cap: 4 });
    run.snapshot.revision = 7;
    run.publish()
}

/// The same run after a call printed something.
pub(crate) fn after_output(run: &Snapshot, call: CallId) -> Arc<Snapshot> {
    let mut next = run.clone();
    next.revision += 1;
    let row = next.calls.get_mut(call.index()).expect("a call");
    Arc::make_mut(row).output.generation += 1;
    Arc::new(next)
}

/// Nothing was ever asked for.
pub(crate) fn nothing() -> Arc<Snapshot> {
    let mut run = Run::new(4);
    run.snapshot.now = ms(3_000);
    run.publish()
}

/// Every call has ended.
pub(crate) fn over() -> Arc<Snapshot> {
    Run::new(4)
        .ended("read-file", Outcome::Succeeded, 100, None)
        .ended("http-get", Outcome::Failed, 30, Some("exit code 28"))
        .publish()
}

/// The cap was lowered from 4 to 2 while four calls ran.
pub(crate) fn draining() -> Arc<Snapshot> {
    let mut run = Run::new(4);
    for name in ["one", "two", "three", "four"] {
        run = run.busy(name, json!({}), 1_000, running);
    }
    run.waiting("five", json!({}), WaitReason::Slot { busy: 4, cap: 2 })
        .cap(2)
        .publish()
}

/// Ten thousand calls, most of them waiting.
pub(crate) fn many() -> Arc<Snapshot> {
    let mut run = Run::new(8);
    for number in 0..2_000 {
        run.finished.reserve(1);
        run = run.ended(&format!("done-{number}"), Outcome::Succeeded, 10, None);
    }
    for number in 0..8 {
        run = run.busy(
            &format!("now-{number}"),
            json!({"n": number}),
            1_000,
            running,
        );
    }
    for number in 2_008..10_000 {
        let reason = WaitReason::Slot { busy: 8, cap: 8 };
        run = run.waiting(&format!("later-{number}"), json!({"n": number}), reason);
    }
    run.publish()
}

/// A run of some length with every kind of bar.
pub(crate) fn history() -> Arc<Snapshot> {
    let mut run = Run::new(3);
    let outcomes = [
        Outcome::Succeeded,
        Outcome::Failed,
        Outcome::Succeeded,
        Outcome::TimedOut,
    ];
    let mut free = [0_u64; 3];
    for number in 0..14_usize {
        let lane = number % 3;
        let took = 4_000 + (number as u64 * 7_919) % 11_000;
        let start = free[lane] + 500 * (number as u64 % 3);
        let outcome = outcomes[number % outcomes.len()];
        let state = CallState::Ended(outcome);
        let row = run.row(&format!("step-{number}"), "step", json!({}), state);
        let waited = |heading, from: u64, to: u64| WaitSpan {
            heading,
            from: ms(from),
            to: ms(to),
        };
        row.waits = match number % 4 {
            0 => vec![waited("slot", 0, start)],
            1 => vec![
                waited("after", 0, start / 2),
                waited("slot", start / 2, start),
            ],
            _ => vec![
                waited("after", 0, start / 2),
                waited("lock", start / 2, start),
            ],
        };
        if number > 2 {
            let after = Edge {
                call: id(number - 2),
                on: EdgeKind::Done,
            };
            Arc::make_mut(&mut row.call).after = vec![after];
        }
        let lane_id = LaneId(lane as u32);
        let end = (ms(start + took), Ending::plain(outcome));
        row.attempts = vec![attempt(lane_id, ms(start), Some(end))];
        if outcome == Outcome::TimedOut {
            row.attempts[0].stop_ordered = Some(ms(start + took - 2_000));
        }
        row.started = Some(ms(start));
        row.ended = Some(ms(start + took));
        free[lane] = start + took;
        let id = row.id;
        run.finished.insert(0, id);
    }
    run.snapshot.now = ms(free.into_iter().max().unwrap_or_default() + 1_000);
    let now = run.snapshot.now;
    let row = run.row("last", "step", json!({}), running(LaneId(1)));
    row.started = Some(now.saturating_sub(ms(6_000)));
    row.attempts = vec![attempt(LaneId(1), now.saturating_sub(ms(6_000)), None)];
    let id = row.id;
    run.lanes[1] = Some(id);
    run.waiting("never", json!({}), WaitReason::After { call: id })
        .publish()
}
