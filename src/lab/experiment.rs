//! An experiment: its request, its progress and its findings so far.

use std::sync::Arc;

use super::compare::{self, Comparison, compare};
use super::sweep::{self, Sweep};
use super::{ExperimentError, ExperimentProgress, Observer, PlanRunner, Trial};
use crate::model::{Cap, Plan};

/// A request for an experiment.
#[derive(Debug, Clone, PartialEq)]
pub enum ExperimentRequest {
    /// The plan at several caps.
    Compare(compare::CompareRequest),
    /// Which cap is worth using, continued from the runs of a sweep that was
    /// stopped; without any, from the start.
    Sweep(sweep::SweepRequest, Vec<sweep::SweepRun>),
}

impl ExperimentRequest {
    /// Returns its caps, the lowest first.
    pub fn caps(&self) -> &[Cap] {
        match self {
            Self::Compare(request) => &request.caps,
            Self::Sweep(request, _) => &request.caps,
        }
    }

    /// Returns its number of runs, the warm-up included: the least of a
    /// comparison, about that of a sweep.
    pub fn runs(&self) -> usize {
        match self {
            Self::Compare(request) => request.least_runs(),
            Self::Sweep(request, runs) => request.usual_runs().saturating_sub(runs.len()).max(1),
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
    Comparison(compare::CompareFindings),
    /// Of which cap is worth using.
    Sweep(sweep::SweepFindings),
}

impl ExperimentFindings {
    /// Returns the reason that it ended before its time.
    pub fn error(&self) -> Option<&ExperimentError> {
        match self {
            Self::Comparison(findings) => findings.error.as_ref(),
            Self::Sweep(findings) => findings.error.as_ref(),
        }
    }

    /// Returns the number of whole blocks, and how many are wanted at least.
    pub fn blocks(&self) -> (usize, usize) {
        match self {
            Self::Comparison(findings) => (findings.blocks, findings.request.blocks),
            Self::Sweep(findings) => (findings.blocks, findings.request.blocks),
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
                    ExperimentFindings::Comparison(compare::CompareFindings::none(request))
                }
                ExperimentRequest::Sweep(request, runs) => {
                    ExperimentFindings::Sweep(sweep::SweepFindings::of(request, runs))
                }
            },
        }
    }

    /// Returns a sweep that was stopped after these runs and can be continued.
    pub fn stopped(
        plan: Arc<Plan>,
        request: sweep::SweepRequest,
        runs: Vec<sweep::SweepRun>,
    ) -> Self {
        let mut findings = sweep::SweepFindings::of(request, runs);
        findings.error = Some(ExperimentError::Stopped);
        Self {
            plan,
            state: ExperimentState::Over,
            findings: ExperimentFindings::Sweep(findings),
        }
    }

    /// Returns its findings if it is a sweep of this plan that ended before its
    /// time.
    pub fn unfinished_sweep(&self, plan: &Plan) -> Option<&sweep::SweepFindings> {
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

/// Does an experiment to its end, and returns it.
pub fn conduct(
    plan: &Arc<Plan>,
    request: ExperimentRequest,
    runner: &mut dyn PlanRunner,
    observer: &mut dyn Observer,
) -> Experiment {
    let experiment = Experiment::new(Arc::clone(plan), request.clone());
    let mut driver = Driver::new(experiment, runner, observer);
    driver.update(|_| {});
    let findings = match request {
        ExperimentRequest::Compare(request) => {
            let comparison = compare(plan, request, &mut driver);
            ExperimentFindings::Comparison(comparison.findings(plan))
        }
        ExperimentRequest::Sweep(request, runs) => {
            let mut sweep = Sweep::new(request, runs);
            sweep.conduct(plan, &mut driver);
            ExperimentFindings::Sweep(sweep.findings())
        }
    };
    driver.update(|experiment| {
        experiment.findings = findings;
        experiment.state = ExperimentState::Over;
    });
    driver.experiment
}

/// An experiment under way: does its runs, and keeps its observer up to date.
pub(super) struct Driver<'a> {
    experiment: Experiment,
    runner: &'a mut dyn PlanRunner,
    observer: &'a mut dyn Observer,
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        experiment: Experiment,
        runner: &'a mut dyn PlanRunner,
        observer: &'a mut dyn Observer,
    ) -> Self {
        Self {
            experiment,
            runner,
            observer,
        }
    }

    /// Does the next run, at the cap of `progress`.
    pub(super) fn run(
        &mut self,
        plan: &Plan,
        progress: ExperimentProgress,
    ) -> Result<Trial, ExperimentError> {
        let cap = progress.cap;
        self.observer.run_starting(&progress);
        self.update(|experiment| experiment.state = ExperimentState::UnderWay(Some(progress)));
        self.runner.run(plan, cap, self.observer)
    }

    /// Publishes the findings of a comparison so far.
    pub(super) fn compared(&mut self, comparison: &Comparison) {
        self.update(|experiment| {
            let findings = comparison.findings(&experiment.plan);
            experiment.findings = ExperimentFindings::Comparison(findings);
        });
    }

    /// Publishes a run of a sweep, and the findings with it.
    pub(super) fn swept(&mut self, sweep: &Sweep, run: &sweep::SweepRun) {
        self.observer.run_counted(run);
        self.update(|experiment| match &mut experiment.findings {
            ExperimentFindings::Sweep(findings) => findings.renew(sweep),
            findings @ ExperimentFindings::Comparison(_) => {
                *findings = ExperimentFindings::Sweep(sweep.findings());
            }
        });
    }

    fn update(&mut self, change: impl FnOnce(&mut Experiment)) {
        change(&mut self.experiment);
        self.observer.updated(&self.experiment);
    }
}
