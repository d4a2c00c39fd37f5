//! A small run that has everything a report can hold, for the tests.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{AttemptOutput, ReportedOutput, TextTail};
use crate::model::{
    AskedTime, AttemptNo, AttemptRecord, Call, CallCounts, CallId, CallName, CallRow, CallSample,
    CallState, Cap, Ending, Epoch, FailurePolicy, History, LaneId, MachineSample, MeasureSource,
    Measured, Order, Outcome, Policy, RunId, RunPhase, Snapshot, ToolName,
};
use crate::output::OutputEncoding;

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) fn id(index: usize) -> CallId {
    CallId::from_index(index)
}

fn row(index: usize, name: &str, tool: &str, args: Value, state: CallState) -> CallRow {
    let (name, tool) = (CallName::new(name), ToolName::new(tool));
    let call = Call::new(id(index), name, tool, args);
    let samples = Arc::new(History::new(8));
    CallRow {
        state,
        ..CallRow::new(Arc::new(call), samples, Duration::ZERO)
    }
}

fn attempt(number: u32, started: u64, ended: u64, ending: Ending) -> AttemptRecord {
    AttemptRecord {
        attempt: AttemptNo(number),
        lane: LaneId(0),
        lane_taken: ms(started),
        started: ms(started),
        asked: AskedTime::default(),
        stop_ordered: None,
        ended: Some(ms(ended)),
        argv: Some(["tool".to_owned(), number.to_string()].into()),
        outcome: Some(ending.outcome),
        ending: Some(ending),
    }
}

fn ending(outcome: Outcome, exit_code: i32) -> Ending {
    Ending {
        exit_code: Some(exit_code),
        ..Ending::plain(outcome)
    }
}

/// A success whose figures are exact.
fn counted() -> CallRow {
    let mut count = row(
        0,
        "count",
        "word-count",
        json!({ "path": "a.txt" }),
        CallState::Ended(Outcome::Succeeded),
    );
    count.are_args_resolved = true;
    count.waited.add("slot", ms(20));
    count.started = Some(ms(20));
    count.ended = Some(ms(120));
    count.attempts = vec![attempt(
        1,
        20,
        120,
        Ending {
            cpu_ms: Some(exact(80)),
            peak_rss_bytes: Some(exact(4_096_000)),
            ..ending(Outcome::Succeeded, 0)
        },
    )];
    count.output.stdout_bytes = 36;
    count
}

fn exact(value: u64) -> Measured {
    Measured {
        value,
        source: MeasureSource::Exact,
    }
}

/// A success at the second attempt; what it used was read now and then.
fn retried() -> CallRow {
    let mut again = row(
        1,
        "again",
        "flaky",
        json!({}),
        CallState::Ended(Outcome::Succeeded),
    );
    again.waited.add("retry", ms(500));
    again.started = Some(ms(0));
    again.ended = Some(Duration::from_micros(900_250));
    again.attempts = vec![
        attempt(
            1,
            0,
            200,
            Ending {
                reason: Some("exit code 1".to_owned()),
                ..ending(Outcome::Failed, 1)
            },
        ),
        attempt(2, 700, 900, ending(Outcome::Succeeded, 0)),
    ];
    if let Some(last) = again.attempts.last_mut() {
        last.ended = again.ended;
    }
    let mut samples = History::new(8);
    samples.push(Some(CallSample {
        cpu_ms: 12,
        ..CallSample::default()
    }));
    again.samples = Arc::new(samples);
    again.peak_rss_bytes = Some(1_000_000);
    Arc::make_mut(&mut again.call).retries = 2;
    again
}

/// A failure, and the call that was skipped for it.
fn failed_and_skipped() -> [CallRow; 2] {
    let mut broken = row(
        2,
        "broken",
        "fail",
        json!({ "message": "no" }),
        CallState::Ended(Outcome::Failed),
    );
    broken.started = Some(ms(120));
    broken.ended = Some(ms(150));
    broken.reason = Some("exit code 3".into());
    broken.attempts = vec![attempt(1, 120, 150, ending(Outcome::Failed, 3))];
    let mut sample = History::new(8);
    sample.push(Some(CallSample {
        cpu_ms: 7,
        ..CallSample::default()
    }));
    sample.push(None);
    broken.samples = Arc::new(sample);
    broken.output.stderr_bytes = 10;
    let mut skipped = row(
        3,
        "later",
        "echo",
        json!({ "text": "{{broken.output}}" }),
        CallState::Ended(Outcome::Skipped),
    );
    skipped.waited.add("after", ms(150));
    skipped.ended = Some(ms(150));
    skipped.reason = Some("broken failed".into());
    [broken, skipped]
}

/// The last snapshot of the run.
pub(crate) fn last() -> Snapshot {
    let [broken, skipped] = failed_and_skipped();
    let rows = [counted(), retried(), broken, skipped];
    let mut counts = CallCounts::default();
    for row in &rows {
        *counts.slot(&row.state) += 1;
    }
    let mut machine = History::new(4);
    machine.push(Some(MachineSample {
        memory_total_bytes: 8 << 30,
        ..MachineSample::default()
    }));
    Snapshot {
        revision: 9,
        now: ms(901),
        run: RunId::new("run-1"),
        plan: "trial".into(),
        started_at: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        phase: RunPhase::Open,
        is_suspended: false,
        suspended_for: Duration::ZERO,
        highest_cap: Cap::new(3).expect("three lanes"),
        auto: None,
        cap_changes: Arc::new(History::new(1)),
        learned: Arc::default(),
        load_samples: Arc::new(History::new(1)),
        policy: policy(),
        counts,
        calls: rows.into_iter().map(Arc::new).collect(),
        lanes: Arc::new(vec![None; 2]),
        lane_time: Duration::ZERO,
        queue: Arc::new(Vec::new()),
        finished: Arc::new(vec![id(1), id(2), id(3), id(0)]),
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
    }
}

pub(super) fn policy() -> Policy {
    Policy {
        cap: Cap::new(2).expect("two lanes"),
        on_failure: FailurePolicy::Skip,
        order: Order::Fifo,
        ..Policy::default()
    }
}

fn tail(text: &str) -> TextTail {
    TextTail {
        text: text.to_owned(),
        ..TextTail::default()
    }
}

/// Outputs of its calls.
pub(super) fn output(call: CallId) -> ReportedOutput {
    match call.index() {
        0 => ReportedOutput {
            value: Some(json!({ "lines": 3, "words": 9 })),
            encoding: Some(OutputEncoding::Json),
            ..ReportedOutput::default()
        },
        1 => ReportedOutput {
            value: Some(json!("connected")),
            encoding: Some(OutputEncoding::Text),
            is_truncated: true,
            earlier: vec![AttemptOutput {
                attempt: AttemptNo(1),
                stdout: tail("dialling\n"),
                stderr: tail("no route\n"),
            }],
            ..ReportedOutput::default()
        },
        2 => ReportedOutput {
            stderr: tail("error: no\n"),
            ..ReportedOutput::default()
        },
        _ => ReportedOutput::default(),
    }
}

/// A state of a call that has not ended.
pub(super) fn running() -> CallState {
    CallState::Running {
        lane: LaneId(0),
        epoch: Epoch(1),
    }
}
