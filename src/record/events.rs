//! `--events`: one JSON object a line, as it happens.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::argv::masked;
use super::figures::{ms, ms_or_null};
use super::names::Names;
use crate::model::{
    AttemptSummary, CallCounts, CallId, CapStep, EventKind, Outcome, RunEvent, StopCause, StopStep,
};

/// Writes the events of one run as lines of JSON: `t_ms`, `event`, `id` where
/// it is about a call, and the fields of the event.
#[derive(Debug, Default)]
pub struct EventLines {
    names: Names,
}

impl EventLines {
    /// Writes one event; flushing is left to the caller.
    ///
    /// # Errors
    ///
    /// An error of `out`.
    pub fn write(&mut self, event: &RunEvent, out: &mut dyn Write) -> io::Result<()> {
        self.names.hear(event);
        let mut line = Map::new();
        line.insert("t_ms".to_owned(), ms(event.t));
        line.insert("event".to_owned(), word(&event.what).into());
        if let Some(call) = call(&event.what) {
            line.insert("id".to_owned(), self.names.of(call).into());
        }
        if let Value::Object(rest) = self.rest(event) {
            line.extend(rest);
        }
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")
    }

    /// Fields of the event besides its time, name and call.
    fn rest(&self, event: &RunEvent) -> Value {
        match &event.what {
            EventKind::RunStarted {
                run,
                plan,
                calls,
                policy,
            } => json!({
                "run_id": run, "plan": plan, "calls": calls, "cap": policy.cap, "control": policy.control,
                "on_failure": policy.on_failure, "order": policy.order,
            }),
            EventKind::CallQueued { tool, args, .. } => json!({ "tool": tool, "args": args }),
            EventKind::CallWaiting { reason, ended, .. } => json!({
                "reason": self.names.reason(reason, event.t), "for": reason.heading(),
                "ended": ended.as_ref().map(attempt_end),
            }),
            EventKind::CallStarted {
                attempt,
                lane,
                args,
                argv,
                pid,
                ..
            } => json!({
                "attempt": attempt, "lane": lane.0 + 1, "pid": pid, "args": args,
                "argv": argv.as_deref().map(|argv| masked(argv, args)),
            }),
            EventKind::Output {
                attempt,
                stream,
                text,
                left_out_bytes,
                ..
            } => json!({
                "attempt": attempt, "stream": stream, "text": text,
                "left_out_bytes": left_out_bytes,
            }),
            EventKind::CallSampled { sample, .. } => json!(sample),
            EventKind::MachineSampled { sample } => json!(sample),
            EventKind::CapChanged { step } => cap_step(step),
            EventKind::CallStopping { cause, step, .. } => stop_step(*cause, step),
            EventKind::CallEnded {
                outcome,
                reason,
                attempt,
                took,
                ..
            } => json!({
                "outcome": outcome, "reason": reason, "took_ms": ms_or_null(*took),
                "attempt": attempt.as_ref().map(attempt_end),
            }),
            EventKind::RunEnded { counts, wall } => json!({
                "wall_ms": ms(*wall), "outcome_counts": outcome_counts(counts),
            }),
        }
    }
}

fn stop_step(cause: StopCause, step: &StopStep) -> Value {
    match step {
        StopStep::Soft { hard_at } => {
            json!({ "cause": cause, "step": "soft", "hard_at_ms": ms(*hard_at) })
        }
        StopStep::Hard => json!({ "cause": cause, "step": "hard" }),
    }
}

/// How many calls ended in which way, by the words of the contract.
pub(super) fn outcome_counts(counts: &CallCounts) -> Value {
    let counted = Outcome::COUNTED.iter();
    counted
        .map(|outcome| (outcome.word(), counts.ended_as(*outcome)))
        .collect()
}

/// A change of the cap with its reason, and the figures of the automatic one.
fn cap_step(step: &CapStep) -> Value {
    let auto = step.auto.map(|auto| {
        json!({
            "ceiling": auto.ceiling, "trim": thousandths(auto.trim),
            "used_cores": thousandths(auto.used_cores),
            "room_cores": thousandths(auto.room_cores),
            "taken_cores": thousandths(auto.taken_cores),
            "pressure": auto.pressure.map(thousandths), "pressure_source": auto.source,
            "memory_short": auto.is_memory_short,
        })
    });
    let mut told = json!({
        "before": step.before, "cap": step.cap, "cause": step.cause.word(),
        "reason": step.to_string(), "auto": auto,
    });
    if let Some(service) = &step.service {
        told["service"] = json!({
            "name": *service.name, "before": service.before, "share": service.share,
            "running": service.running, "slowdown": service.slowdown.map(thousandths),
        });
    }
    told
}

fn thousandths(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

fn attempt_end(end: &AttemptSummary) -> Value {
    json!({
        "attempt": end.attempt, "outcome": end.outcome, "reason": end.reason,
        "exit_code": end.exit_code, "signal": end.signal,
    })
}

/// The event's name in the contract.
fn word(what: &EventKind) -> &'static str {
    match what {
        EventKind::RunStarted { .. } => "run-started",
        EventKind::CallQueued { .. } => "call-queued",
        EventKind::CallWaiting { .. } => "call-waiting",
        EventKind::CallStarted { .. } => "call-started",
        EventKind::Output { .. } => "output",
        EventKind::CallSampled { .. } | EventKind::MachineSampled { .. } => "sample",
        EventKind::CapChanged { .. } => "cap-changed",
        EventKind::CallStopping { .. } => "call-stopping",
        EventKind::CallEnded { .. } => "call-ended",
        EventKind::RunEnded { .. } => "run-ended",
    }
}

/// The call that an event is about.
fn call(what: &EventKind) -> Option<CallId> {
    match what {
        EventKind::CallQueued { call, .. }
        | EventKind::CallWaiting { call, .. }
        | EventKind::CallStarted { call, .. }
        | EventKind::Output { call, .. }
        | EventKind::CallSampled { call, .. }
        | EventKind::CallStopping { call, .. }
        | EventKind::CallEnded { call, .. } => Some(*call),
        EventKind::RunStarted { .. }
        | EventKind::MachineSampled { .. }
        | EventKind::CapChanged { .. }
        | EventKind::RunEnded { .. } => None,
    }
}
