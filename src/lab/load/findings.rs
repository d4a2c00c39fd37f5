//! The findings of a load.

use std::time::Duration;

use super::{Difference, Found, LoadRequest, LoadTrace, StepFigures};
use crate::lab::ExperimentError;

/// The findings of a load so far.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadFindings {
    /// The request.
    pub request: LoadRequest,
    /// The steps that have ended.
    pub steps: Vec<StepFigures>,
    /// The step under way so far.
    pub live: Option<StepFigures>,
    /// Its course.
    pub trace: LoadTrace,
    /// Time that fanout itself needs for a call; `None` before it was measured.
    pub own_cost: Option<Duration>,
    /// The result of the search, once it is over.
    pub found: Option<Found>,
    /// Calls whose outputs differ from those of one lane.
    pub differences: Vec<Difference>,
    /// Whether a call that did not succeed ended it.
    pub has_failed_fast: bool,
    /// The reason that it ended before its time.
    pub error: Option<ExperimentError>,
}

impl LoadFindings {
    /// Of a load that has not begun.
    pub fn none(request: LoadRequest) -> Self {
        Self {
            request,
            steps: Vec::new(),
            live: None,
            trace: LoadTrace::default(),
            own_cost: None,
            found: None,
            differences: Vec::new(),
            has_failed_fast: false,
            error: None,
        }
    }

    /// Returns whether everything that was asked of it is kept: budgets, the
    /// search, equal outputs.
    pub fn is_kept(&self) -> bool {
        let budgets = &self.request.budgets;
        let keeps = |step: &StepFigures| {
            let mut checks = step.checks.iter();
            checks.all(|check| check.is_kept || !budgets.contains(&check.expression))
        };
        let is_found =
            self.request.find.is_none() || matches!(self.found, Some(Found::Level { .. }));
        is_found
            && !self.has_failed_fast
            && self.differences.is_empty()
            && self.steps.iter().all(keeps)
    }
}
