//! A load from its request to its findings: step after step.

use super::same::Answers;
use super::search::{Candidate, Search};
use super::step::Step;
use super::under_way::Load;
use super::{
    LoadCalls, LoadFindings, LoadLevel, LoadObserver, LoadRequest, LoadTarget, StepFigures,
};
use crate::lab::ExperimentError;
use crate::model::Cap;

/// Calls by which fanout measures itself.
const OWN_CALLS: u64 = 200;

/// Does a load to its end, and returns its findings.
pub fn conduct_load(
    request: LoadRequest,
    calls: &dyn LoadCalls,
    target: &mut dyn LoadTarget,
    observer: &mut dyn LoadObserver,
) -> LoadFindings {
    let answers = request.compares.then(Answers::default);
    let mut load = Load {
        calls,
        target,
        observer,
        findings: LoadFindings::none(request),
        answers,
    };
    load.findings.error = load.run().err();
    load.publish();
    load.findings
}

impl Load<'_> {
    fn run(&mut self) -> Result<(), ExperimentError> {
        self.publish();
        self.measure_own_cost()?;
        let levels = self.request().levels.clone();
        if self.answers.is_some() && levels.first() != Some(&LoadLevel::Cap(Cap::ONE)) {
            self.step(LoadLevel::Cap(Cap::ONE))?;
        }
        match self.request().find {
            Some(_) => self.search(&levels)?,
            None => {
                for level in levels {
                    self.step(level)?;
                }
            }
        }
        self.confirm_differences()
    }

    /// Measures what fanout itself needs for a call.
    fn measure_own_cost(&mut self) -> Result<(), ExperimentError> {
        let level = LoadLevel::Cap(Cap::ONE);
        self.target.set_cap(level.lanes())?;
        let cost = Step::of_no_ops(self, OWN_CALLS).run(self)?;
        self.findings.own_cost = cost.map(|step| step.latency.mean);
        self.publish();
        Ok(())
    }

    /// Measures one step, after its warm-up.
    fn step(&mut self, level: LoadLevel) -> Result<StepFigures, ExperimentError> {
        self.observer.step_starting(level);
        self.target.set_cap(level.lanes())?;
        if self.request().warm_up_at(level) > 0 {
            Step::warm_up(self, level).run(self)?;
        }
        let now = self.target.now();
        self.findings.trace.step_began(now, level);
        let last = Step::counted(self, level).run(self)?;
        // Without a figure there was no call.
        last.ok_or(ExperimentError::Stopped)
    }

    /// Looks for the highest level that keeps the condition.
    fn search(&mut self, levels: &[LoadLevel]) -> Result<(), ExperimentError> {
        let Some(mut search) = Search::new(levels) else {
            return Ok(());
        };
        while let Candidate::Measure(level) = search.next() {
            let step = self.step(level)?;
            search.measured(level, self.is_held(&step));
        }
        self.findings.found = search.found();
        Ok(())
    }

    /// Whether a step keeps the condition that is searched for. Times of calls
    /// that fail tell nothing: they may be short because nothing was done.
    fn is_held(&self, step: &StepFigures) -> bool {
        let Some(find) = self.request().find else {
            return false;
        };
        let errors = step.error_share().unwrap_or(1.0);
        let is_told = !find.metric.is_latency() || errors <= super::figures::LATE_SHARE;
        let is_offered = matches!(step.level, LoadLevel::Cap(_)) || step.is_offered();
        let mut checks = step.checks.iter();
        let check = checks.find(|check| check.expression == find);
        is_told && is_offered && check.is_some_and(|check| check.is_kept)
    }

    /// Runs the step of one lane once more where outputs differ: what shows there
    /// as well differs by itself, and is no hazard.
    fn confirm_differences(&mut self) -> Result<(), ExperimentError> {
        let differs = |load: &Self| {
            let answers = load.answers.as_ref();
            answers.is_some_and(Answers::is_any_different)
        };
        if differs(self) {
            self.step(LoadLevel::Cap(Cap::ONE))?;
        }
        if let Some(answers) = &self.answers {
            self.findings.differences = answers.differences();
        }
        Ok(())
    }
}
