//! A comparison as JSON, version 1.

use serde_json::{Map, Value, json};

use crate::lab::compare::{Comparison, Hazard, Timing, Trace};
use crate::lab::{Answer, Halt, Idle, Interval};
use crate::model::{CallId, Cap, Plan};

/// The whole of what is known.
pub(super) fn document(plan: &Plan, comparison: &Comparison) -> Value {
    let request = &comparison.request;
    let results = &comparison.results;
    let timings = comparison.timings();
    let runs: u32 = request.caps.iter().map(|cap| results.runs(*cap)).sum();
    let unstable = results.unstable();
    let unstable = unstable
        .iter()
        .map(|call| json!({ "id": name(plan, call.call), "ignore": call.pointers }));
    json!({
        "version": 1,
        "plan": plan.name,
        "calls": plan.calls.len(),
        "seed": request.seed,
        "blocks": comparison.blocks.len(),
        "blocks_wanted": request.blocks,
        "stopped": comparison.halt == Some(Halt::Stopped),
        "foreign_cores": comparison.foreign_cores(),
        "caps": timings.iter().map(|timing| cap(comparison, timing)).collect::<Vec<Value>>(),
        "runs_compared": runs,
        "hazards": comparison.hazards.iter().map(|it| hazard(plan, it)).collect::<Vec<Value>>(),
        "cause": comparison.trace.as_ref().map(|it| trace(plan, it)),
        "unstable": unstable.collect::<Vec<Value>>(),
    })
}

fn cap(comparison: &Comparison, timing: &Timing) -> Value {
    let idle = Idle::ALL.map(|kind| {
        let part = timing.shares.idle.get(&kind).copied().unwrap_or(0.0);
        (kind.word().replace(' ', "_"), json!(part))
    });
    let mut shares = Map::from_iter([
        ("work".to_owned(), json!(timing.shares.work)),
        ("contention".to_owned(), json!(timing.shares.contention)),
    ]);
    shares.extend(idle);
    json!({
        "cap": timing.cap,
        "runs": timing.runs,
        "wall_ms": interval(&timing.wall, 1000.0),
        "each_ms": walls(comparison, timing.cap),
        "speed_up": interval(&timing.speed_up, 1.0),
        "lower_bound_ms": timing.lower_bound.as_secs_f64() * 1000.0,
        "binding": timing.binding.to_string(),
        "efficiency": timing.efficiency,
        "lane_time": shares,
    })
}

fn walls(comparison: &Comparison, cap: Cap) -> Vec<f64> {
    let runs = comparison.blocks.iter().flatten();
    let runs = runs.filter(|trial| trial.cap == cap);
    runs.map(|trial| trial.wall.as_secs_f64() * 1000.0)
        .collect()
}

/// A median with its 95 % interval.
pub(in crate::cli) fn interval(interval: &Interval, unit: f64) -> Value {
    json!({
        "median": interval.at * unit,
        "low": interval.low * unit,
        "high": interval.high * unit,
    })
}

fn hazard(plan: &Plan, hazard: &Hazard) -> Value {
    json!({
        "id": name(plan, hazard.call),
        "kind": if hazard.is_outcome() { "outcome" } else { "output" },
        "cap": hazard.cap,
        "seen": hazard.seen,
        "runs": hazard.runs,
        "expected": answer(&hazard.expected),
        "found": answer(&hazard.found),
        "consequence": hazard.is_consequence,
    })
}

fn answer(answer: &Answer) -> Value {
    json!({ "outcome": answer.outcome, "output": answer.output })
}

fn trace(plan: &Plan, trace: &Trace) -> Value {
    let names =
        |calls: &[CallId]| -> Vec<&str> { calls.iter().map(|call| name(plan, *call)).collect() };
    let is_tried = trace.tried > 0;
    let remedies = trace.remedies.iter().filter(|_| is_tried);
    let remedies = remedies.map(|remedy| {
        json!({ "line": remedy.line(), "lock": remedy.key, "calls": names(&remedy.calls) })
    });
    json!({
        "calls": names(&trace.calls),
        "needed": names(&trace.needed),
        "smallest": trace.is_smallest,
        "search_runs": trace.runs,
        "remedies": remedies.collect::<Vec<Value>>(),
        "runs_with_remedies": trace.tried,
    })
}

fn name(plan: &Plan, id: CallId) -> &str {
    let call = plan.calls.get(id.index());
    call.map_or("?", |call| call.name.as_str())
}
