//! One measured run of a plan: how long it took, where the lane time went, and
//! what each call came to.

mod call_result;
mod lane_time;

use std::time::Duration;

use serde_json::Value;

pub use call_result::CallResult;
pub use lane_time::{IdleCause, LaneTime};

use super::{CallCost, Capacity, TimeBounds, bounds};
use crate::model::{
    Call, CallId, CallRow, CallState, Cap, LaneId, Outcome, Plan, Snapshot, run_origin,
};
use crate::sched::ToolLimits;

/// One measured run of a plan.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The cap it ran at.
    pub cap: Cap,
    /// From the first admissible call to the last end, of the calls that are
    /// measured.
    pub wall: Duration,
    /// Bounds on its time.
    pub bounds: TimeBounds,
    /// Use of its lanes' time.
    pub lane_time: LaneTime,
    /// Each call of the plan.
    pub calls: Vec<TrialCall>,
    /// Cores that other processes of the machine used meanwhile, on average;
    /// `None` where the machine does not tell.
    pub foreign_cores: Option<f64>,
}

/// The result of one call.
#[derive(Debug, Clone)]
pub struct TrialCall {
    /// How it ended and what it printed.
    pub answer: CallResult,
    /// Time in a lane, all attempts together.
    pub run: Duration,
    /// Lane, start and end of its last attempt, counted from the first
    /// admissible call.
    pub span: Option<(LaneId, Duration, Duration)>,
}

impl TrialCall {
    /// A call as the run's last snapshot shows it. Times count from `origin`.
    fn of(call: &Call, row: &CallRow, origin: Duration, output: Option<Value>) -> Self {
        let outcome = match row.state {
            CallState::Ended(outcome) => Some(outcome),
            _ => None,
        };
        let run = row
            .attempts
            .iter()
            .filter_map(|attempt| Some(attempt.run_time(attempt.ended?)));
        let span = row.attempts.last().and_then(|attempt| {
            let started = attempt.started.saturating_sub(origin);
            Some((attempt.lane, started, attempt.ended?.saturating_sub(origin)))
        });
        Self {
            answer: CallResult::new(outcome, output, &call.comparison),
            run: run.sum(),
            span,
        }
    }
}

/// Returns the cost of each call. Edges are plan indices, so that every call
/// keeps its own; calls that are not measured count as zero.
fn costs(plan: &Plan, last: &Snapshot, origin: Duration, scale: f64) -> Vec<CallCost> {
    let all = plan.calls.iter().zip(last.calls.iter());
    all.map(|(call, row)| {
        let mut cost = CallCost::measured(row, origin, scale);
        if !call.is_measured() {
            cost.run = Duration::ZERO;
            cost.cpu = None;
            cost.after.clear();
        }
        cost
    })
    .collect()
}

impl Trial {
    /// A run that has ended, as its last snapshot shows it. `scale` is
    /// the factor on the times it asks for; `output` gives what a call printed.
    pub fn of(
        plan: &Plan,
        last: &Snapshot,
        tools: &[ToolLimits],
        scale: f64,
        output: &dyn Fn(CallId) -> Option<Value>,
    ) -> Self {
        let counted = plan.calls.iter().zip(last.calls.iter());
        let counted = counted.filter(|(call, _)| call.is_measured());
        let origin = run_origin(counted.clone().map(|(_, row)| row.as_ref()));
        let end = counted.clone().filter_map(|(_, row)| row.ended).max();
        let end = end.unwrap_or(origin).max(origin);
        let costs = costs(plan, last, origin, scale);
        let cap = last.policy.cap;
        let capacity = Capacity {
            cap: cap.get(),
            cores: Some(f64::from(last.cores)),
            tools,
        };
        let rows: Vec<_> = counted.map(|(_, row)| row.as_ref()).collect();
        let calls = plan.calls.iter().zip(last.calls.iter());
        let calls = calls.map(|(call, row)| TrialCall::of(call, row, origin, output(call.id)));
        Self {
            cap,
            wall: end.saturating_sub(origin),
            bounds: bounds(&costs, &capacity),
            lane_time: LaneTime::of(&rows, cap.get(), origin, end),
            calls: calls.collect(),
            foreign_cores: None,
        }
    }

    /// The same without what the calls printed, for keeping many of them.
    #[must_use]
    pub fn without_outputs(mut self) -> Self {
        for call in &mut self.calls {
            call.answer.output = None;
        }
        self
    }

    /// Whether every call succeeded, or failed as the plan says.
    pub fn is_as_planned(&self, plan: &Plan) -> bool {
        self.unplanned(plan).next().is_none()
    }

    /// Calls that neither succeeded nor failed as the plan says.
    pub(super) fn unplanned<'t>(&'t self, plan: &'t Plan) -> impl Iterator<Item = CallId> + 't {
        let calls = plan.calls.iter().zip(&self.calls);
        let unplanned = calls.filter(|(call, trial)| {
            let is_success = trial.answer.outcome.is_some_and(Outcome::is_success);
            let is_planned = !plan.expected_failures.is_empty()
                && (plan.expected_failures.contains(&call.name)
                    || trial.answer.outcome == Some(Outcome::Skipped));
            !is_success && !is_planned
        });
        unplanned.map(|(call, _)| call.id)
    }
}
