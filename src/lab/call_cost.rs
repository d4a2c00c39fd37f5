//! The cost that one call adds to a bound.

use std::time::Duration;

use crate::model::{Call, CallRow, LockSet, ToolName};

/// One call as the bounds see it: how long it held a lane, or is expected to,
/// and what it needed for that.
#[derive(Debug, Clone, PartialEq)]
pub struct CallCost {
    /// Time of all its attempts in a lane, the stopping included.
    pub run: Duration,
    /// CPU time of all its attempts, where it is known.
    pub cpu: Option<Duration>,
    /// Attempts started.
    pub starts: u32,
    /// Delays ordered between its attempts.
    pub backoff: Duration,
    /// Not before this time, counted from when the first call could start.
    pub release: Duration,
    /// Indices of the costs it started after.
    pub after: Vec<usize>,
    /// Its tool.
    pub tool: ToolName,
    /// Its locks.
    pub locks: LockSet,
    /// Cores it claimed.
    pub cpus: Option<f64>,
}

impl CallCost {
    /// A call that ran, or would run, once for this long.
    pub fn once(call: &Call, run: Duration) -> Self {
        Self {
            run,
            cpu: None,
            starts: 1,
            backoff: Duration::ZERO,
            release: call.start_after.unwrap_or_default(),
            after: call.after.iter().map(|edge| edge.call.index()).collect(),
            tool: call.tool.clone(),
            locks: call.locks.clone(),
            cpus: call.claims.cpus,
        }
    }

    /// A call as it was measured. `origin` is when the first call of the run
    /// could start; `scale` multiplied its start time. One that was added while
    /// the run was on is not before it was there.
    ///
    /// Only what truly bound it is kept: a call that never started bounds
    /// nothing and waited for nothing.
    pub fn measured(row: &CallRow, origin: Duration, scale: f64) -> Self {
        let mut cost = Self::once(&row.call, Duration::ZERO);
        let mut cpu_ms = None;
        for attempt in &row.attempts {
            let ended = attempt.ended.unwrap_or(attempt.started);
            cost.run += attempt.run_time(ended);
            let spent = attempt.ending.as_ref().and_then(|ending| ending.cpu_ms);
            cpu_ms = spent
                .map(|spent| cpu_ms.unwrap_or(0) + spent.value)
                .or(cpu_ms);
        }
        cost.cpu = cpu_ms.map(Duration::from_millis);
        cost.starts = row.attempts.len() as u32;
        let release = cost.release.mul_f64(scale).max(row.queued);
        cost.release = release.saturating_sub(origin);
        if let (Some(first), Some(last)) = (row.attempts.first(), row.attempts.last()) {
            let span = last
                .ended
                .unwrap_or(last.started)
                .saturating_sub(first.started);
            cost.backoff = row.waited.under("retry").min(span.saturating_sub(cost.run));
        } else {
            cost.after.clear();
            cost.release = Duration::ZERO;
        }
        cost
    }
}
