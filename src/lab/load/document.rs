//! A load as JSON, version 1.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CallRate, Check, Found, LoadFindings, LoadLevel, Spread, StepFigures};
use crate::lab::ExperimentError;

impl LoadFindings {
    /// The whole of what is known. Times in milliseconds.
    pub fn document(&self) -> Value {
        let request = &self.request;
        let differences = self.differences.iter().map(|it| {
            json!({
                "tool": it.tool,
                "args": *it.args,
                "at": level(it.level),
                "seen": it.seen,
                "expected": it.expected.output,
                "found": it.found.output,
            })
        });
        json!({
            "version": 1,
            "name": request.name,
            "calls_wanted": request.calls,
            "time_wanted_ms": request.time.map(ms),
            "think_ms": ms(request.think),
            "arrivals": request.arrivals.word(),
            "seed": request.seed,
            "limits_ignored": request.ignores_limits,
            "own_cost_ms": self.own_cost.map(ms),
            "steps": self.steps.iter().map(StepFigures::document).collect::<Vec<Value>>(),
            "find": request.find.map(|it| it.to_string()),
            "found": self.found.as_ref().map(found),
            "compared": request.compares,
            "differences": differences.collect::<Vec<Value>>(),
            "failed_fast": self.has_failed_fast,
            "stopped": self.error == Some(ExperimentError::Stopped),
            "kept": self.is_kept(),
        })
    }
}

impl StepFigures {
    /// The figures of one step. Times in milliseconds.
    pub fn document(&self) -> Value {
        let errors = self
            .errors
            .iter()
            .map(|it| json!({ "kind": it.kind, "count": it.count, "first": *it.first }));
        let is_rate = matches!(self.level, LoadLevel::Rate(_));
        json!({
            "level": level(self.level),
            "calls": self.calls,
            "unfinished": self.unfinished,
            "time_ms": ms(self.time),
            "calls_per_s": self.throughput(),
            "latency_ms": spread(&self.latency),
            "service_ms": spread(&self.service),
            "errors": errors.collect::<Vec<Value>>(),
            "in_flight": { "mean": self.in_flight_mean, "most": self.in_flight_most },
            "cpu_cores": self.cpu_cores,
            "memory_bytes": self.memory_bytes,
            "waited_ms": {
                "lock": ms(self.waits.lock),
                "rate": ms(self.waits.rate),
                "slot": ms(self.waits.slot),
            },
            "late": self.late,
            "offered": is_rate.then(|| self.is_offered()),
            "conditions": self.checks.iter().map(check).collect::<Vec<Value>>(),
        })
    }
}

fn level(level: LoadLevel) -> Value {
    match level {
        LoadLevel::Cap(cap) => json!({ "cap": cap }),
        LoadLevel::Rate(rate) => json!({ "rate": CallRate::per_second(rate) }),
    }
}

fn spread(it: &Spread) -> Value {
    json!({
        "mean": ms(it.mean),
        "p50": ms(it.p50),
        "p90": ms(it.p90),
        "p95": ms(it.p95),
        "p99": ms(it.p99),
        "max": ms(it.max),
    })
}

fn check(check: &Check) -> Value {
    json!({
        "condition": check.expression.to_string(),
        "value": check.value,
        "kept": check.is_kept,
    })
}

fn found(it: &Found) -> Value {
    match it {
        Found::Level { level: at, broken } => {
            json!({ "level": level(*at), "broken": broken.map(level) })
        }
        Found::Nothing { lowest } => json!({ "nothing": level(*lowest) }),
        Found::Changed { level: at } => json!({ "changed": level(*at) }),
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
