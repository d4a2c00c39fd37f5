//! The same plan at several caps: how long each takes, where the rest goes,
//! and whether the results are the same.

mod document;
mod figures;
mod findings;
mod hazard_search;
mod minimal_set;
mod reduction;
mod remedy;
mod request;
mod results;
mod subset;
mod suspicion;
mod words;

pub use figures::{LaneShares, Timing};
pub use findings::{CallSpan, CompareFindings, Typical};
pub use minimal_set::MinimalSet;
pub use remedy::Remedy;
pub use request::{CompareRequest, Narrowness, USUAL_BLOCKS};
pub use results::{ParallelHazard, Results, Unstable};

use super::blocks::{Pace, block_order};
use super::driver::Driver;
use super::experiment::ExperimentFindings;
use super::statistics::LOOKS;
use super::{ExperimentError, RunPurpose, Trial};
use crate::model::{CallId, Cap, Plan};
use suspicion::{LOW_PER_HIGH, Suspicion};

/// The results of a comparison, as far as it went.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The request.
    pub request: CompareRequest,
    /// Whole blocks: one run at each cap, in the order of the caps.
    pub blocks: Vec<Vec<Trial>>,
    /// Results of the calls, over all runs.
    pub results: Results,
    /// Results that differ only above the lowest cap.
    pub hazards: Vec<ParallelHazard>,
    /// Results that differed only above the lowest cap, too seldom to tell
    /// whether the calls are flaky.
    pub suspected: Vec<ParallelHazard>,
    /// Cause of the first hazard.
    pub trace: Option<MinimalSet>,
    /// Why it ended before its time.
    pub error: Option<ExperimentError>,
}

impl Comparison {
    /// The figures of each cap, the lowest first; empty before the first whole
    /// block.
    pub fn timings(&self) -> Vec<Timing> {
        let places = 0..self.request.caps.len();
        places
            .filter_map(|place| {
                let is_waited_for = self.request.until.is_some();
                figures::timing(&self.blocks, place, is_waited_for)
            })
            .collect()
    }

    /// The run at a cap whose wall time is the median one.
    pub fn typical(&self, cap: Cap) -> Option<&Trial> {
        let place = self.request.caps.iter().position(|own| *own == cap)?;
        let runs = self.blocks.iter().filter_map(|block| block.get(place));
        let mut runs: Vec<&Trial> = runs.collect();
        runs.sort_by_key(|trial| trial.wall);
        runs.get(runs.len().saturating_sub(1) / 2).copied()
    }

    /// The most cores that other processes used during a run.
    pub fn foreign_cores(&self) -> Option<f64> {
        let runs = self.blocks.iter().flatten();
        runs.filter_map(|trial| trial.foreign_cores)
            .max_by(f64::total_cmp)
    }
}

/// Runs a plan at several caps in randomised blocks after a warm-up at the
/// highest, and looks for what differs. What was found until it was stopped is
/// there all the same.
pub(super) fn compare(plan: &Plan, request: CompareRequest, driver: &mut Driver<'_>) -> Comparison {
    let mut comparison = Comparison {
        request,
        blocks: Vec::new(),
        results: Results::default(),
        hazards: Vec::new(),
        suspected: Vec::new(),
        trace: None,
        error: None,
    };
    let mut pace = Pace::default();
    let measured = comparison.measure(plan, driver, &mut pace);
    let confirmed = measured.and_then(|()| comparison.confirm(plan, driver, &mut pace));
    comparison.error = confirmed.err();
    if comparison.blocks.len() < comparison.request.blocks {
        comparison.suspected = comparison.hazards_so_far(plan);
    }
    comparison.publish(driver);
    if comparison.error.is_none() {
        comparison.pursue(plan, driver);
    }
    comparison
}

impl Comparison {
    fn measure(
        &mut self,
        plan: &Plan,
        driver: &mut Driver<'_>,
        pace: &mut Pace,
    ) -> Result<(), ExperimentError> {
        let CompareRequest { caps, seed, .. } = self.request.clone();
        let blocks = self.request.most_blocks();
        let orders = (1..=blocks).map(|number| block_order(&caps, seed, number));
        let orders: Vec<Vec<Cap>> = orders.collect();
        let warm_up = caps.last().copied();
        let mut rest: Vec<Cap> = warm_up.into_iter().chain(orders.concat()).collect();
        rest.reverse();
        let of = blocks;
        let steps = warm_up.map(|cap| (RunPurpose::WarmUp, vec![cap]));
        let steps = steps.into_iter().chain(
            (1..)
                .zip(orders)
                .map(|(number, order)| (RunPurpose::Block { number, of }, order)),
        );
        for (step, order) in steps {
            let mut block: Vec<Trial> = Vec::new();
            for cap in order {
                rest.pop();
                let rest = self.request.until.is_none().then_some(&rest[..]);
                let trial = driver.run(plan, pace.progress(step, cap, rest))?;
                pace.add(cap, trial.wall);
                self.results.add(&trial);
                block.push(trial.without_outputs());
            }
            if step != RunPurpose::WarmUp {
                block.sort_by_key(|trial| trial.cap);
                self.blocks.push(block);
                self.publish(driver);
                if self.is_narrow() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether every speed-up is known as narrowly as it is asked for.
    fn is_narrow(&self) -> bool {
        let done = self.blocks.len();
        self.request.until.is_some_and(|until| {
            let timings = self.timings();
            done >= self.request.blocks
                && LOOKS.contains(&done)
                && timings
                    .iter()
                    .skip(1)
                    .all(|it| it.speed_up.reach() <= until.part())
        })
    }

    fn hazards_so_far(&self, plan: &Plan) -> Vec<ParallelHazard> {
        self.results.hazards(plan, self.request.lowest())
    }

    /// Sorts what differed so far into hazards, flaky calls, and what nobody can
    /// tell; see [`suspicion`].
    fn confirm(
        &mut self,
        plan: &Plan,
        driver: &mut Driver<'_>,
        pace: &mut Pace,
    ) -> Result<(), ExperimentError> {
        let lowest = self.request.lowest();
        let mut suspicion = Suspicion::new(&self.hazards_so_far(plan));
        self.sort_out(plan, &suspicion);
        while let Some(cap) = suspicion.next_cap() {
            for _ in 0..LOW_PER_HIGH {
                self.run_once_more(plan, lowest, driver, pace)?;
                let differing = self.hazards_so_far(plan).into_iter();
                let differing: Vec<CallId> = differing.map(|hazard| hazard.call).collect();
                suspicion.keep(&differing);
            }
            if suspicion.next_cap().is_some() {
                let trial = self.run_once_more(plan, cap, driver, pace)?;
                suspicion.round_ended(&self.results.unexplained(&trial, lowest));
            }
            self.sort_out(plan, &suspicion);
            self.publish(driver);
        }
        Ok(())
    }

    fn run_once_more(
        &mut self,
        plan: &Plan,
        cap: Cap,
        driver: &mut Driver<'_>,
        pace: &mut Pace,
    ) -> Result<Trial, ExperimentError> {
        let trial = driver.run(plan, pace.progress(RunPurpose::Confirming, cap, None))?;
        pace.add(cap, trial.wall);
        self.results.add(&trial);
        Ok(trial)
    }

    fn sort_out(&mut self, plan: &Plan, suspicion: &Suspicion) {
        let differing = self.hazards_so_far(plan).into_iter();
        (self.hazards, self.suspected) = differing.partition(|it| suspicion.is_confirmed(it.call));
        results::mark_consequences(&mut self.hazards, plan);
    }

    fn pursue(&mut self, plan: &Plan, driver: &mut Driver<'_>) {
        let first = self.hazards.iter().find(|hazard| !hazard.is_consequence);
        let first = first.or(self.hazards.first());
        if let Some(hazard) = first {
            let (results, lowest) = (&self.results, self.request.lowest());
            let (trace, error) =
                hazard_search::pursue(plan, results, &self.hazards, hazard, lowest, driver);
            self.trace = Some(trace);
            self.error = error;
        }
    }
}

impl Comparison {
    /// Publishes the findings so far.
    fn publish(&self, driver: &mut Driver<'_>) {
        let findings = self.findings(&driver.experiment().plan);
        driver.update(|experiment| experiment.findings = ExperimentFindings::Comparison(findings));
    }

    /// Returns its findings so far.
    pub fn findings(&self, plan: &Plan) -> CompareFindings {
        let caps = &self.request.caps;
        let runs = self.blocks.iter().flatten();
        let walls = self.blocks.iter().map(|block| {
            let walls = block.iter().map(|trial| trial.wall.as_secs_f64());
            walls.collect()
        });
        let unstable = self.results.unstable(self.request.lowest());
        let flaky = unstable.iter().map(|it| it.call);
        let flaky: Vec<CallId> = flaky
            .chain(self.suspected.iter().map(|it| it.call))
            .collect();
        let mut unplanned = runs.clone().flat_map(|trial| trial.unplanned(plan));
        CompareFindings {
            has_failures: unplanned.any(|call| !flaky.contains(&call)),
            request: self.request.clone(),
            blocks: self.blocks.len(),
            timings: self.timings(),
            walls: walls.collect(),
            typical: (caps.iter())
                .filter_map(|cap| self.typical(*cap).map(Typical::of))
                .collect(),
            runs: caps.iter().map(|cap| self.results.runs(*cap)).sum(),
            hazards: self.hazards.clone(),
            suspected: self.suspected.clone(),
            trace: self.trace.clone(),
            unstable,
            is_comparable: self.results.are_comparable(self.request.lowest()),
            times_left_out: self.results.left_out_times(),
            detectable: caps
                .last()
                .and_then(|cap| detectable(self.results.runs(*cap))),
            unplanned: runs.filter(|trial| !trial.is_as_planned(plan)).count(),
            foreign_cores: self.foreign_cores(),
            error: self.error.clone(),
        }
    }
}

/// Returns the least part of so many runs in which something must come to be
/// seen at least once with 95 %.
fn detectable(runs: u32) -> Option<f64> {
    (runs > 0).then(|| 1.0 - 0.05f64.powf(1.0 / f64::from(runs)))
}

#[cfg(test)]
mod tests;
