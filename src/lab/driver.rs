//! The driver of an experiment: does its runs, and keeps its observer up to date.

use super::experiment::{Experiment, ExperimentFindings, ExperimentState};
use super::load::{LoadFindings, LoadObserver, LoadRequest};
use super::progress::{ExperimentError, ExperimentProgress};
use super::sweep::SweepRun;
use super::{Observer, PlanRunner, Trial};
use crate::model::Plan;

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

    /// Does a load, and keeps the observer up to date.
    pub(super) fn load(&mut self, plan: &Plan, request: LoadRequest) -> LoadFindings {
        let mut follower = LoadFollower {
            experiment: &mut self.experiment,
            observer: self.observer,
        };
        self.runner.load(plan, request, &mut follower)
    }

    /// Tells the observer of a run of a sweep that counts.
    pub(super) fn run_counted(&mut self, run: &SweepRun) {
        self.observer.run_counted(run);
    }

    /// Returns the experiment as it was published last.
    pub(super) fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Changes the experiment, and publishes it.
    pub(super) fn update(&mut self, change: impl FnOnce(&mut Experiment)) {
        change(&mut self.experiment);
        self.observer.updated(&self.experiment);
    }
}

/// Publishes the findings of a load as those of an experiment.
struct LoadFollower<'a> {
    experiment: &'a mut Experiment,
    observer: &'a mut dyn Observer,
}

impl LoadObserver for LoadFollower<'_> {
    fn updated(&mut self, findings: &LoadFindings) {
        self.experiment.findings = ExperimentFindings::Load(Box::new(findings.clone()));
        self.observer.updated(self.experiment);
    }

    fn warned(&mut self, text: &str) {
        self.observer.warned(text);
    }
}
