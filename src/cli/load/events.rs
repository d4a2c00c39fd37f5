//! A load as NDJSON: one object for each call and each step.

use serde_json::{Value, json};

use crate::lab::load::{LoadFindings, LoadLevel, MeasuredCall, StepFigures};

/// A step begins.
pub(super) fn step_started(level: LoadLevel) -> Value {
    json!({ "event": "step-started", "level": level.to_string() })
}

/// A call has ended. Times in milliseconds; `due_ms` counts from the step's
/// begin.
pub(super) fn call_ended(level: LoadLevel, call: &MeasuredCall) -> Value {
    json!({
        "event": "call-ended",
        "level": level.to_string(),
        "number": call.number,
        "due_ms": call.due.as_secs_f64() * 1000.0,
        "latency_ms": call.latency.as_secs_f64() * 1000.0,
        "service_ms": call.service.as_secs_f64() * 1000.0,
        "outcome": call.outcome,
        "error": call.error,
    })
}

/// A step has ended.
pub(super) fn step_ended(step: &StepFigures) -> Value {
    let mut event = json!({ "event": "step-ended" });
    merge(&mut event, step.document());
    event
}

/// The load has ended.
pub(super) fn load_ended(findings: &LoadFindings) -> Value {
    let mut event = json!({ "event": "load-ended" });
    merge(&mut event, findings.document());
    event
}

fn merge(event: &mut Value, others: Value) {
    if let (Value::Object(event), Value::Object(others)) = (event, others) {
        event.extend(others);
    }
}
