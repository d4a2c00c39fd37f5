//! An experiment from its request to its findings.

use std::sync::Arc;

use super::compare::compare;
use super::driver::Driver;
use super::experiment::{Experiment, ExperimentFindings, ExperimentRequest, ExperimentState};
use super::sweep::Sweep;
use super::{Observer, PlanRunner};
use crate::model::Plan;

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
        ExperimentRequest::Load(request) => {
            ExperimentFindings::Load(Box::new(driver.load(plan, request)))
        }
    };
    driver.update(|experiment| {
        experiment.findings = findings;
        experiment.state = ExperimentState::Over;
    });
    driver.experiment().clone()
}
