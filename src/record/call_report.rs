//! One call of the report.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::ReportedOutput;
use super::argv::masked;
use super::figures::{ms, ms_or_null};
use crate::model::{AttemptRecord, CallRow, CallState, Ending, Leftover, MeasureSource, Measured};

/// Entry of a call in the report.
pub(super) fn call_report(row: &CallRow, output: &ReportedOutput) -> Value {
    let outcome = match row.state {
        CallState::Ended(outcome) => Some(outcome),
        _ => None,
    };
    let cpu = cpu_ms(row);
    let peak = peak_rss_bytes(row);
    let waited: Map<String, Value> = row
        .waited
        .by_heading()
        .into_iter()
        .map(|(heading, time)| (heading.to_owned(), ms(time)))
        .collect();
    let mut report = json!({
        "id": row.name,
        "tool": row.tool,
        "args": resolved_args(row),
        "argv": row.attempts.last().and_then(|attempt| {
            let argv = attempt.argv.as_deref();
            argv.map(|argv| masked(argv, &row.args))
        }),
        "outcome": outcome,
        "reason": row.reason,
        "leaked": leaked(row),
        "cached": false,
        "lane": row.attempts.last().map(|attempt| attempt.lane.0 + 1),
        "queued_ms": ms(row.queued),
        "started_ms": ms_or_null(row.started),
        "ended_ms": ms_or_null(row.ended),
        "attempts": row.attempts.iter().map(|it| attempt(it, row, output)).collect::<Vec<_>>(),
        "cpu_ms": cpu.map(|figure| figure.value),
        "cpu_ms_source": cpu.map(|figure| figure.source),
        "peak_rss_bytes": peak.map(|figure| figure.value),
        "peak_rss_bytes_source": peak.map(|figure| figure.source),
        "output": output.value,
        "output_encoding": output.encoding,
        "output_lossy": output.is_lossy,
        "stderr": output.stderr.text,
        "stdout_bytes": row.output.stdout_bytes,
        "stderr_bytes": row.output.stderr_bytes,
        "stderr_truncated": output.stderr.is_truncated,
        "stderr_lossy": output.stderr.is_lossy,
        "truncated": output.is_truncated,
        "waited": waited,
        "cancel": row.remote.and_then(|remote| remote.cancel),
    });
    if let Some(call) = &row.proxied {
        report["by"] = json!(call.by);
        report["agent"] = json!({
            "mark": call.agent, "server": call.server, "request_id": call.request_id,
            "transcript_id": call.transcript_id, "is_edited": call.is_edited,
        });
    }
    report
}

/// Entry of an attempt. The last one has its standard output at the call only.
fn attempt(attempt: &AttemptRecord, row: &CallRow, output: &ReportedOutput) -> Value {
    let ending = attempt.ending.as_ref();
    let is_last = row.attempts.last() == Some(attempt);
    let mut earlier = output.earlier.iter();
    let kept = earlier.find(|kept| kept.attempt == attempt.attempt);
    let stderr = if is_last {
        Some(&output.stderr)
    } else {
        kept.map(|kept| &kept.stderr)
    };
    json!({
        "started_ms": ms(attempt.started),
        "ended_ms": ms_or_null(attempt.ended),
        "exit_code": ending.and_then(|ending| ending.exit_code),
        "signal": ending.and_then(|ending| ending.signal),
        "outcome": attempt.outcome,
        "reason": ending.and_then(|ending| ending.reason.as_ref()),
        "output": kept.map(|kept| &kept.stdout.text),
        "output_truncated": kept.map(|kept| kept.stdout.is_truncated),
        "output_lossy": kept.map(|kept| kept.stdout.is_lossy),
        "stderr": stderr.map(|stderr| &stderr.text),
        "stderr_truncated": stderr.map(|stderr| stderr.is_truncated),
        "stderr_lossy": stderr.map(|stderr| stderr.is_lossy),
    })
}

/// The arguments where they are known to be what the tool got, or would have
/// got; null where a reference in them was never resolved.
fn resolved_args(row: &CallRow) -> Option<&Value> {
    (row.are_args_resolved || row.call.are_args_final || !has_reference(&row.args))
        .then_some(&*row.args)
}

fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(values) => values.iter().any(has_reference),
        Value::Object(values) => values.values().any(has_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn leaked(row: &CallRow) -> Vec<&Leftover> {
    endings(row).flat_map(|ending| &ending.leaked).collect()
}

fn endings(row: &CallRow) -> impl Iterator<Item = &Ending> {
    row.attempts
        .iter()
        .filter_map(|attempt| attempt.ending.as_ref())
}

/// CPU time of all attempts: exact where the operating system accounted for
/// each of them. Readings count for a single attempt only, as they say nothing
/// of the ones before.
fn cpu_ms(row: &CallRow) -> Option<Measured> {
    let known: Option<Vec<Measured>> = row
        .attempts
        .iter()
        .map(|attempt| attempt.ending.as_ref()?.cpu_ms)
        .collect();
    match known {
        Some(known) if !known.is_empty() => Some(Measured {
            value: known.iter().map(|figure| figure.value).sum(),
            source: weakest(known.iter().map(|figure| figure.source)),
        }),
        _ if row.attempts.len() == 1 => {
            let last = row.samples.iter().rev().flatten().next()?;
            Some(Measured {
                value: last.cpu_ms,
                source: MeasureSource::Sampled,
            })
        }
        _ => None,
    }
}

/// Highest resident memory of any attempt: the highest of what was accounted
/// and what was read.
fn peak_rss_bytes(row: &CallRow) -> Option<Measured> {
    let read = row.peak_rss_bytes.map(|value| Measured {
        value,
        source: MeasureSource::Sampled,
    });
    let accounted: Vec<Measured> = endings(row).filter_map(|end| end.peak_rss_bytes).collect();
    let is_complete = accounted.len() == row.attempts.len();
    let highest = read
        .into_iter()
        .chain(accounted)
        .max_by_key(|figure| figure.value)?;
    Some(Measured {
        source: if is_complete {
            highest.source
        } else {
            MeasureSource::Sampled
        },
        ..highest
    })
}

/// A figure made of several is exact only if each of them is.
fn weakest(mut sources: impl Iterator<Item = MeasureSource>) -> MeasureSource {
    if sources.all(|source| source == MeasureSource::Exact) {
        MeasureSource::Exact
    } else {
        MeasureSource::Sampled
    }
}

/// How long an attempt took; `None` while it is under way.
pub(super) fn run_time(attempt: &AttemptRecord) -> Option<Duration> {
    Some(attempt.run_time(attempt.ended?))
}
