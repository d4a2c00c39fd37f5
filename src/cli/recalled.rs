//! Run times of calls from earlier runs of their plan.

use std::sync::Arc;

use super::exit;
use crate::app;
use crate::model::Plan;
use crate::record::PastRun;

/// Run times that earlier runs gave calls which state none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Recalled {
    /// Number of the runs.
    pub(super) runs: usize,
    /// Number of calls that got a time from them.
    pub(super) calls: usize,
}

impl Recalled {
    /// Gives calls without an estimate the median time of their successes in
    /// earlier runs of the plan. What cannot be read is left out with a word.
    pub(super) fn recall(plan: &mut Plan, time_scale: f64, uses_history: bool) -> Self {
        let history = app::history().filter(|_| uses_history);
        let runs = history.map(|it| it.past_runs(&plan.calls, time_scale));
        let runs = match runs {
            Some(Ok(runs)) => runs,
            Some(Err(error)) => {
                exit::complain(&format!("earlier runs of this plan: {error}"));
                Vec::new()
            }
            None => Vec::new(),
        };
        let mut recalled = Self::default();
        for call in &mut plan.calls {
            if call.estimate.is_some() {
                continue;
            }
            if let Some(time) = PastRun::median_time(&runs, call.id) {
                Arc::make_mut(call).estimate = Some(time);
                recalled.calls += 1;
            }
        }
        if recalled.calls > 0 {
            recalled.runs = runs.len();
        }
        recalled
    }
}
