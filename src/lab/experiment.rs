//! An experiment: its request, its progress and its findings so far.

use std::sync::Arc;

use super::compare::{CompareFindings, CompareRequest};
use super::load::{LoadFindings, LoadRequest};
use super::progress::{ExperimentError, ExperimentProgress};
use super::sweep::{SweepFindings, SweepRequest, SweepRun};
use crate::model::{Cap, Plan};

/// A request for an experiment.
#[derive(Debug, Clone, PartialEq)]
pub enum ExperimentRequest {
    /// The plan at several caps.
    Compare(CompareRequest),
    /// Which cap is worth using, continued from the runs of a sweep that was
    /// stopped; without any, from the start.
    Sweep(SweepRequest, Vec<SweepRun>),
    /// The plan's calls under load.
    Load(LoadRequest),
}

impl ExperimentRequest {
    /// Returns the caps of its runs, the lowest first.
    pub fn caps(&self) -> &[Cap] {
        match self {
            Self::Compare(request) => &request.caps,
            Self::Sweep(request, _) => &request.caps,
            Self::Load(_) => &[],
        }
    }

    /// Returns its number of runs, the warm-up included: the least of a
    /// comparison, about that of a sweep.
    pub fn runs(&self) -> usize {
        match self {
            Self::Compare(request) => request.least_runs(),
            Self::Sweep(request, runs) => request.usual_runs().saturating_sub(runs.len()).max(1),
            Self::Load(request) => request.levels.len(),
        }
    }
}

/// An experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// The plan whose calls are run.
    pub plan: Arc<Plan>,
    /// Its progress.
    pub state: ExperimentState,
    /// Its findings so far.
    pub findings: ExperimentFindings,
}

/// Progress of an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExperimentState {
    /// Its runs are under way: the next one, once that is known.
    UnderWay(Option<ExperimentProgress>),
    /// It has ended; its findings have the error if it ended before its time.
    Over,
}

/// Findings of an experiment so far.
#[derive(Debug, Clone, PartialEq)]
pub enum ExperimentFindings {
    /// Of the plan at several caps.
    Comparison(CompareFindings),
    /// Of which cap is worth using.
    Sweep(SweepFindings),
    /// Of the plan's calls under load.
    Load(Box<LoadFindings>),
}

impl ExperimentFindings {
    /// Returns the reason that it ended before its time.
    pub fn error(&self) -> Option<&ExperimentError> {
        match self {
            Self::Comparison(findings) => findings.error.as_ref(),
            Self::Sweep(findings) => findings.error.as_ref(),
            Self::Load(findings) => findings.error.as_ref(),
        }
    }

    /// Returns the number of whole blocks, and how many are wanted at least; of a
    /// load that of its steps.
    pub fn blocks(&self) -> (usize, usize) {
        match self {
            Self::Comparison(findings) => (findings.blocks, findings.request.blocks),
            Self::Sweep(findings) => (findings.blocks, findings.request.blocks),
            Self::Load(findings) => (findings.steps.len(), findings.request.levels.len()),
        }
    }
}

impl Experiment {
    /// Returns an experiment that is about to begin.
    pub fn new(plan: Arc<Plan>, asked: ExperimentRequest) -> Self {
        Self {
            plan,
            state: ExperimentState::UnderWay(None),
            findings: match asked {
                ExperimentRequest::Compare(request) => {
                    ExperimentFindings::Comparison(CompareFindings::none(request))
                }
                ExperimentRequest::Sweep(request, runs) => {
                    ExperimentFindings::Sweep(SweepFindings::of(request, runs))
                }
                ExperimentRequest::Load(request) => {
                    ExperimentFindings::Load(Box::new(LoadFindings::none(request)))
                }
            },
        }
    }

    /// Returns a sweep that was stopped after these runs and can be continued.
    pub fn stopped(plan: Arc<Plan>, request: SweepRequest, runs: Vec<SweepRun>) -> Self {
        let mut findings = SweepFindings::of(request, runs);
        findings.error = Some(ExperimentError::Stopped);
        Self {
            plan,
            state: ExperimentState::Over,
            findings: ExperimentFindings::Sweep(findings),
        }
    }

    /// Returns its findings if it is a sweep of this plan that ended before its
    /// time.
    pub fn unfinished_sweep(&self, plan: &Plan) -> Option<&SweepFindings> {
        match &self.findings {
            ExperimentFindings::Sweep(it) if it.error.is_some() && !it.runs.is_empty() => {
                (self.plan.calls == plan.calls).then_some(it)
            }
            _ => None,
        }
    }

    /// Returns whether its runs are under way.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, ExperimentState::UnderWay(_))
    }
}
