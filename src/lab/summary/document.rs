//! The sum of a run as JSON, for the report.

use std::time::Duration;

use serde_json::{Value, json};

use super::{OneLane, Percentiles, RunSummary};

/// Milliseconds, to the microsecond.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn percentiles(of: Percentiles) -> Value {
    json!({ "p50_ms": ms(of.p50), "p95_ms": ms(of.p95), "p99_ms": ms(of.p99) })
}

impl RunSummary {
    /// Returns it as JSON. Calls are given by number.
    pub fn document(&self) -> Value {
        let source = match self.one_lane {
            OneLane::Measured(_) => "measured",
            OneLane::Estimated(_) => "estimated",
        };
        json!({
            "verdict": self.verdict,
            "one_lane_ms": ms(self.one_lane.time()),
            "one_lane_source": source,
            "speed_up": self.speed_up(),
            "cores_used": self.machine.cores_used,
            "longest_wait": self.longest_wait.map(|wait| json!({
                "call": wait.call.number(),
                "for": wait.heading,
                "ms": ms(wait.time),
            })),
            "planned": self.outcomes.iter().map(|it| it.planned).sum::<usize>(),
            "tools": self.tools.iter().map(|tool| json!({
                "tool": tool.tool,
                "calls": tool.calls,
                "unsuccessful": tool.unsuccessful,
                "p50_ms": ms(tool.run.p50),
                "p95_ms": ms(tool.run.p95),
                "p99_ms": ms(tool.run.p99),
                "from_ready": percentiles(tool.from_ready),
                "in_flight": tool.in_flight.document(),
            })).collect::<Vec<_>>(),
            "in_flight": self.in_flight.document(),
        })
    }
}
