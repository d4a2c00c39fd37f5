//! A comparison as JSON, version 1.

use serde_json::{Map, Value, json};

use super::words::name;
use super::{CompareFindings, MinimalSet, Narrowness, ParallelHazard, Timing};
use crate::lab::{CallResult, ExperimentError, IdleCause};
use crate::model::{CallId, Plan};

impl CompareFindings {
    /// The whole of what is known.
    pub fn document(&self, plan: &Plan) -> Value {
        let request = &self.request;
        let unstable = self
            .unstable
            .iter()
            .map(|call| json!({ "id": name(plan, call.call), "ignore": call.pointers }));
        let caps = self.timings.iter().enumerate();
        let caps = caps.map(|(place, timing)| self.cap(place, timing));
        json!({
            "version": 1,
            "plan": plan.name,
            "calls": plan.calls.len(),
            "seed": request.seed,
            "blocks": self.blocks,
            "blocks_wanted": request.blocks,
            "until": request.until.map(Narrowness::part),
            "stopped": self.error == Some(ExperimentError::Stopped),
            "foreign_cores": self.foreign_cores,
            "caps": caps.collect::<Vec<Value>>(),
            "runs_compared": self.runs,
            "hazards": self.hazards.iter().map(|it| hazard(plan, it)).collect::<Vec<Value>>(),
            "cause": self.trace.as_ref().map(|it| trace(plan, it)),
            "unstable": unstable.collect::<Vec<Value>>(),
            "suspected": self.suspected.iter().map(|it| hazard(plan, it)).collect::<Vec<Value>>(),
            "times_left_out": self.times_left_out,
            "detectable_rate": self.detectable,
            "drift": self.drift(),
        })
    }

    fn cap(&self, place: usize, timing: &Timing) -> Value {
        let idle = IdleCause::ALL.map(|kind| {
            let part = timing.shares.idle.get(&kind).copied().unwrap_or(0.0);
            (kind.word().replace(' ', "_"), json!(part))
        });
        let mut shares = Map::from_iter([
            ("work".to_owned(), json!(timing.shares.work)),
            ("contention".to_owned(), json!(timing.shares.contention)),
        ]);
        shares.extend(idle);
        let walls = self.walls.iter().filter_map(|block| block.get(place));
        let walls = walls.map(|wall| wall * 1000.0);
        json!({
            "cap": timing.cap,
            "runs": timing.runs,
            "wall_ms": timing.wall.document(1000.0),
            "each_ms": walls.collect::<Vec<f64>>(),
            "speed_up": timing.speed_up.document(1.0),
            "lower_bound_ms": timing.lower_bound.as_secs_f64() * 1000.0,
            "binding": timing.binding.to_string(),
            "efficiency": timing.efficiency,
            "lane_time": shares,
        })
    }
}

fn hazard(plan: &Plan, hazard: &ParallelHazard) -> Value {
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

fn answer(answer: &CallResult) -> Value {
    json!({ "outcome": answer.outcome, "output": answer.output })
}

fn trace(plan: &Plan, trace: &MinimalSet) -> Value {
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
        "runs_without_one": trace.tries,
        "search_runs": trace.runs,
        "remedies": remedies.collect::<Vec<Value>>(),
        "runs_with_remedies": trace.tried,
    })
}
