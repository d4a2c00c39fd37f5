//! A sweep as JSON, version 1.

use serde_json::{Value, json};

use super::{Curve, SweepFindings};
use crate::lab::{ExperimentError, Interval};
use crate::model::Plan;

impl SweepFindings {
    /// The whole of what is known.
    pub fn document(&self, plan: &Plan) -> Value {
        let curve = self.curve.as_ref();
        let caps = self.caps.iter().map(|it| {
            let lanes = f64::from(it.cap.get());
            json!({
                "cap": it.cap,
                "wall_ms": it.wall.document(1000.0),
                "least_ms": it.extremes.0 * 1000.0,
                "most_ms": it.extremes.1 * 1000.0,
                "over_best": it.ratio,
                "within_5_percent": it.within,
                "probability": it.right,
                "runs": it.wall.values,
                "curve_ms": curve.map(|curve| curve.usl.wall(lanes) * 1000.0),
            })
        });
        let runs = self.runs.iter().map(|run| {
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
            "cores": self.request.cores,
            "seed": self.request.seed,
            "blocks": self.blocks,
            "blocks_wanted": self.request.blocks,
            "stopped": self.error == Some(ExperimentError::Stopped),
            "halt": self.error.as_ref().map(ToString::to_string),
            "recommended_cap": self.verdict.cap,
            "ties": self.verdict.ties,
            "caps": caps.collect::<Vec<Value>>(),
            "left_out": self.left_out,
            "dropped": self.dropped,
            "usl": curve.map(usl),
            "drift": self.drift,
            "blocks_set_aside": self.set_aside,
            "blocks_disturbed": self.disturbed,
            "blocks_broken_off": self.broken_off,
            "runs": runs.collect::<Vec<Value>>(),
        })
    }
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
