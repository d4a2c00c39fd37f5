//! The events of a small run, at least one of each kind, for the tests.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fixture::{id, ms, policy};
use crate::model::{
    AttemptNo, AttemptSummary, CallCounts, CallName, CallSample, Cap, CapCause, CapStep, EventKind,
    LaneId, LockKey, MachineSample, Outcome, RunEvent, RunId, StopCause, StopStep, Stream,
    ToolName, WaitReason,
};

/// The events in order.
pub(super) fn events() -> Vec<RunEvent> {
    let all = [queueing(), running(), retrying(), ending()];
    let all = all.into_iter().flatten();
    all.map(|(at, what)| RunEvent::new(ms(at), what)).collect()
}

type Timed = (u64, EventKind);

fn queueing() -> Vec<Timed> {
    let started = EventKind::RunStarted {
        run: RunId::new("run-1"),
        plan: "trial\u{7}".into(),
        calls: 2,
        policy: policy(),
    };
    let queued = |index: usize, name: &str| EventKind::CallQueued {
        call: id(index),
        name: CallName::new(name),
        tool: ToolName::new("word-count"),
        args: Arc::new(json!({ "path": "a.txt" })),
    };
    let lock = WaitReason::Lock {
        key: LockKey::new("file:a.txt"),
        holder: id(0),
    };
    vec![
        (0, started),
        (0, queued(0, "count")),
        (0, queued(1, "again")),
        (0, waiting(WaitReason::After { call: id(0) }, None)),
        (1, waiting(lock, None)),
    ]
}

fn waiting(reason: WaitReason, ended: Option<AttemptSummary>) -> EventKind {
    EventKind::CallWaiting {
        call: id(1),
        reason,
        ended,
    }
}

fn started(index: usize, attempt: u32, pid: Option<u32>, args: Value) -> EventKind {
    EventKind::CallStarted {
        call: id(index),
        attempt: AttemptNo(attempt),
        lane: LaneId(attempt - 1),
        args: Arc::new(args),
        argv: pid.map(|_| ["wc", "a.txt"].map(str::to_owned).into()),
        pid,
    }
}

fn running() -> Vec<Timed> {
    let output = EventKind::Output {
        call: id(0),
        attempt: AttemptNo(1),
        stream: Stream::Stderr,
        text: "a.txt\n\u{1b}[0m".into(),
        left_out_bytes: 100,
    };
    let sample = CallSample {
        rss_bytes: 4_096,
        ..CallSample::default()
    };
    let call = id(0);
    let machine = MachineSample::default();
    vec![
        (20, started(0, 1, Some(4711), json!({ "path": "a.txt" }))),
        (60, output),
        (500, EventKind::CallSampled { call, sample }),
        (500, EventKind::MachineSampled { sample: machine }),
    ]
}

fn retrying() -> Vec<Timed> {
    let cap = |lanes: u32| Cap::new(lanes).expect("a lane");
    let step = CapStep {
        before: cap(2),
        cap: cap(3),
        cause: CapCause::User,
        auto: None,
        service: None,
    };
    let failed = end(Outcome::Failed, Some(1));
    vec![
        (510, EventKind::CapChanged { step }),
        (
            600,
            waiting(WaitReason::Retry { at: ms(850) }, Some(failed)),
        ),
        (850, started(1, 2, None, json!({}))),
    ]
}

fn end(outcome: Outcome, exit_code: Option<i32>) -> AttemptSummary {
    AttemptSummary {
        attempt: AttemptNo(1),
        outcome,
        reason: exit_code.map(|code| format!("exit code {code}").into()),
        exit_code,
        signal: None,
    }
}

fn ending() -> Vec<Timed> {
    let stopping = |step: StopStep| EventKind::CallStopping {
        call: id(0),
        cause: StopCause::User,
        step,
    };
    let ended = EventKind::CallEnded {
        call: id(0),
        outcome: Outcome::Cancelled,
        reason: Some("cancelled by the user".into()),
        attempt: Some(end(Outcome::Cancelled, None)),
        took: Some(ms(930)),
    };
    let counts = CallCounts {
        succeeded: 1,
        cancelled: 1,
        ..CallCounts::default()
    };
    let wall = ms(960);
    vec![
        (900, stopping(StopStep::Soft { hard_at: ms(940) })),
        (940, stopping(StopStep::Hard)),
        (950, ended),
        (960, EventKind::RunEnded { counts, wall }),
    ]
}
