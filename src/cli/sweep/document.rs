//! A sweep as JSON, version 1.

use serde_json::{Value, json};

use crate::cli::compare::interval;
use crate::lab::sweep::{Curve, Sweep};
use crate::lab::{Halt, Interval};
use crate::model::Plan;

/// The whole of what is known.
pub(super) fn document(plan: &Plan, swept: &Sweep) -> Value {
    let verdict = swept.verdict();
    let curve = swept.curve();
    let caps = swept.figures().into_iter().map(|it| {
        let fitted = curve
            .as_ref()
            .map(|curve| curve.usl.wall(f64::from(it.cap.get())) * 1000.0);
        json!({
            "cap": it.cap,
            "wall_ms": interval(&it.wall, 1000.0),
            "least_ms": it.extremes.0 * 1000.0,
            "most_ms": it.extremes.1 * 1000.0,
            "over_best": it.ratio,
            "within_5_percent": it.within,
            "curve_ms": fitted,
        })
    });
    let runs = swept.runs.iter().map(|run| {
        json!({
            "block": run.block,
            "cap": run.cap,
            "wall_ms": run.seconds * 1000.0,
            "foreign_cores": run.foreign_cores,
        })
    });
    json!({
        "version": 1,
        "plan": plan.name,
        "calls": plan.calls.len(),
        "cores": swept.request.cores,
        "seed": swept.request.seed,
        "blocks": swept.blocks(),
        "stopped": swept.halt == Some(Halt::Stopped),
        "recommended_cap": verdict.cap,
        "ties": verdict.ties,
        "caps": caps.collect::<Vec<Value>>(),
        "left_out": swept.left_out(),
        "usl": curve.as_ref().map(usl),
        "drift": swept.drift(),
        "blocks_set_aside": swept.set_aside,
        "blocks_disturbed": swept.disturbed(),
        "runs": runs.collect::<Vec<Value>>(),
    })
}

fn usl(curve: &Curve) -> Value {
    // What never peaks has no number in JSON.
    let finite = |it: f64| it.is_finite().then_some(it);
    let peak = |it: Interval| json!({ "at": finite(it.at), "low": finite(it.low), "high": finite(it.high) });
    let part = |it: Interval| json!({ "at": it.at, "low": it.low, "high": it.high });
    json!({
        "gamma_per_s": curve.usl.gamma,
        "alpha": part(curve.alpha),
        "beta": part(curve.beta),
        "peak": curve.peak.map(peak),
        "residual": curve.residual,
        "noise": curve.noise,
        "fits": curve.fits(),
    })
}
