//! Which cap is worth using: the plan at many caps, in randomised blocks.

mod document;
mod findings;
mod request;
#[cfg(test)]
mod tests;
mod usl;
mod verdict;

pub use findings::{Mark, SweepFindings, lanes};
pub use request::{SweepRequest, SweepRun, USUAL_BLOCKS, usual_caps};
pub use usl::Usl;
pub use verdict::{CapFigures, Curve, MOST_BLOCKS, Verdict};

use std::sync::Arc;

use super::blocks::{Pace, block_order};
use super::driver::Driver;
use super::experiment::ExperimentFindings;
use super::{ExperimentError, RunPurpose};
use crate::model::{Cap, Plan};
use verdict::BlockTable;

/// A cap that is slower than the best by more than this is worse.
const WORSE: f64 = 1.10;
/// Blocks that may be broken off before it is given up.
const MOST_BROKEN_OFF: usize = 2;
/// Cores in use by others, as a part of all, that make a block doubtful.
const FOREIGN: f64 = 0.10;

/// The runs of a sweep, as far as it went.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The request.
    pub request: SweepRequest,
    /// The caps that were run; those left out are not among them.
    pub caps: Vec<Cap>,
    /// Every run so far, blocks set aside included.
    pub runs: Vec<SweepRun>,
    /// Blocks that were set aside, because others used the machine meanwhile,
    /// and run again.
    pub set_aside: Vec<usize>,
    /// Blocks that were broken off, because a call failed.
    pub broken_off: usize,
    /// Why it ended before its time.
    pub error: Option<ExperimentError>,
}

/// The context of a sweep's runs.
struct SweepContext<'a, 'd> {
    plan: &'a Plan,
    driver: &'a mut Driver<'d>,
    pace: Pace,
}

impl Sweep {
    /// A sweep that goes on where `runs` ended; nothing has run without any.
    /// Of a block that was broken off nothing is kept: its other half would be
    /// of another time.
    pub fn new(request: SweepRequest, runs: Vec<SweepRun>) -> Self {
        let mut sweep = Self {
            caps: request.caps.clone(),
            request,
            runs,
            set_aside: Vec::new(),
            broken_off: 0,
            error: None,
        };
        let mut places = 0..sweep.caps.len();
        if let Some(place) = places.find(|place| sweep.is_declining(*place)) {
            sweep.caps.truncate(place);
        }
        let whole = sweep.whole_blocks();
        let is_of_use = |run: &SweepRun| run.block == 0 || whole.contains(&run.block);
        sweep.runs.retain(is_of_use);
        for number in whole {
            sweep.judge(number);
        }
        sweep
    }

    /// Does the runs that are missing.
    pub(super) fn conduct(&mut self, plan: &Plan, driver: &mut Driver<'_>) {
        let mut pace = Pace::default();
        for run in &self.runs {
            pace.add(run.cap, std::time::Duration::from_secs_f64(run.seconds));
        }
        let mut context = SweepContext {
            plan: &without_retries(plan),
            driver,
            pace,
        };
        self.error = self.measure(&mut context).err();
    }

    fn measure(&mut self, context: &mut SweepContext<'_, '_>) -> Result<(), ExperimentError> {
        let last = self.runs.iter().map(|run| run.block).max();
        self.caps.clone_from(&self.request.caps);
        for place in 0..self.request.caps.len() {
            if self.is_declining(place) {
                self.caps.truncate(place);
                break;
            }
            let cap = self.request.caps[place];
            let rest: Vec<Cap> = self.request.caps[place + 1..].to_vec();
            let blocks = self.caps.repeat(self.request.blocks);
            let rest = [rest, blocks].concat();
            if !self.run(context, 0, cap, &rest)? {
                return Err(ExperimentError::CallFailed { cap });
            }
        }
        let mut number = last.unwrap_or(0);
        if number > 0 && self.wants_block() {
            self.warm_up_again(context)?;
        }
        while self.wants_block() {
            number += 1;
            self.block(context, number)?;
        }
        Ok(())
    }

    /// The machine has cooled since the runs that are gone on from.
    fn warm_up_again(&self, context: &mut SweepContext<'_, '_>) -> Result<(), ExperimentError> {
        let Some(cap) = self.caps.last().copied() else {
            return Ok(());
        };
        let left = self.request.blocks.saturating_sub(self.blocks());
        let rest = self.caps.repeat(left);
        let progress = context.pace.progress(RunPurpose::WarmUp, cap, Some(&rest));
        context.driver.run(context.plan, progress).map(drop)
    }

    /// One run at each cap. A block in which a call fails is broken off, and
    /// another takes its place, unless that happens again and again.
    fn block(
        &mut self,
        context: &mut SweepContext<'_, '_>,
        number: usize,
    ) -> Result<(), ExperimentError> {
        let of = self.request.blocks.max(self.blocks() + 1);
        let order = block_order(&self.caps, self.request.seed, number);
        for (at, cap) in order.iter().enumerate() {
            let later = of.saturating_sub(self.blocks() + 1);
            let rest = [order[at + 1..].to_vec(), self.caps.repeat(later)].concat();
            if !self.run(context, number, *cap, &rest)? {
                self.runs.retain(|run| run.block != number);
                self.broken_off += 1;
                let is_hopeless = self.broken_off > MOST_BROKEN_OFF;
                return if is_hopeless {
                    Err(ExperimentError::CallFailed { cap: *cap })
                } else {
                    Ok(())
                };
            }
        }
        self.judge(number);
        Ok(())
    }

    /// Sets a block aside if others used the machine meanwhile, unless they
    /// never rest.
    fn judge(&mut self, number: usize) {
        if self.is_disturbed(number) && self.set_aside.len() < self.request.blocks {
            self.set_aside.push(number);
        }
    }

    /// One run, unless it is there already. Whether every call ended as planned:
    /// what fails cannot be timed.
    fn run(
        &mut self,
        context: &mut SweepContext<'_, '_>,
        block: usize,
        cap: Cap,
        rest: &[Cap],
    ) -> Result<bool, ExperimentError> {
        if self.find(block, cap).is_some() {
            return Ok(true);
        }
        let of = self.request.blocks;
        let step = match block {
            0 => RunPurpose::WarmUp,
            number => RunPurpose::Block {
                number,
                of: of.max(number),
            },
        };
        let progress = context.pace.progress(step, cap, Some(rest));
        let trial = context.driver.run(context.plan, progress)?;
        if !trial.is_as_planned(context.plan) {
            return Ok(false);
        }
        context.pace.add(cap, trial.wall);
        let run = SweepRun {
            block,
            cap,
            seconds: trial.wall.as_secs_f64(),
            foreign_cores: trial.foreign_cores,
        };
        self.runs.push(run);
        context.driver.run_counted(&run);
        self.publish(context.driver);
        Ok(true)
    }

    fn find(&self, block: usize, cap: Cap) -> Option<&SweepRun> {
        let mut runs = self.runs.iter();
        runs.find(|run| run.block == block && run.cap == cap)
    }

    /// Whether the two caps before this place were both worse in the warm-up
    /// than the best before them, and not because of others.
    fn is_declining(&self, place: usize) -> bool {
        if !self.request.may_end_early || place < 3 {
            return false;
        }
        let caps = self.request.caps[..place].iter();
        let runs: Option<Vec<&SweepRun>> = caps.map(|cap| self.find(0, *cap)).collect();
        let Some(runs) = runs else { return false };
        let best = runs.iter().map(|run| run.seconds);
        let best = best.fold(f64::INFINITY, f64::min);
        runs[place - 2..]
            .iter()
            .all(|run| run.seconds > best * WORSE && !self.is_beside_others(run))
    }

    fn wants_block(&self) -> bool {
        let done = self.whole_blocks().len();
        if done < self.request.blocks {
            return true;
        }
        done < MOST_BLOCKS && self.verdict().cap.is_none()
    }

    /// Whether others used the machine during a block.
    fn is_disturbed(&self, block: usize) -> bool {
        let mut runs = self.runs.iter().filter(|run| run.block == block);
        runs.any(|run| self.is_beside_others(run))
    }

    fn is_beside_others(&self, run: &SweepRun) -> bool {
        let limit = FOREIGN * f64::from(self.request.cores);
        run.foreign_cores.is_some_and(|cores| cores > limit)
    }

    /// Numbers of the blocks that count: whole, and not set aside.
    fn whole_blocks(&self) -> Vec<usize> {
        let last = self.runs.iter().map(|run| run.block).max().unwrap_or(0);
        let is_whole = |number: &usize| {
            let mut caps = self.caps.iter();
            !self.set_aside.contains(number) && caps.all(|cap| self.find(*number, *cap).is_some())
        };
        (1..=last).filter(is_whole).collect()
    }

    fn table(&self) -> BlockTable<'_> {
        let wall = |block: usize, cap: Cap| self.find(block, cap).map(|run| run.seconds);
        let blocks = self.whole_blocks().into_iter().map(|block| {
            let walls = self.caps.iter().filter_map(|cap| wall(block, *cap));
            walls.collect()
        });
        BlockTable {
            caps: &self.caps,
            blocks: blocks.collect(),
            seed: self.request.seed,
        }
    }

    /// Blocks that count.
    pub fn blocks(&self) -> usize {
        self.whole_blocks().len()
    }

    /// Blocks that count although others used the machine meanwhile.
    pub fn disturbed(&self) -> usize {
        let blocks = self.whole_blocks();
        blocks
            .into_iter()
            .filter(|it| self.is_disturbed(*it))
            .count()
    }

    /// Returns the figures of each cap, the lowest first.
    pub fn figures(&self) -> Vec<CapFigures> {
        self.table().figures()
    }

    /// Which cap is worth using.
    pub fn verdict(&self) -> Verdict {
        verdict::verdict(&self.figures())
    }

    /// The law that is drawn beside, and never chooses.
    pub fn curve(&self) -> Option<Curve> {
        self.table().curve()
    }

    /// By how much runs got slower from the first block to the last, where
    /// there is a trend.
    pub fn drift(&self) -> Option<f64> {
        self.table().drift()
    }

    /// Caps that were asked for and left out, since those before were worse.
    pub fn left_out(&self) -> &[Cap] {
        self.request.caps.get(self.caps.len()..).unwrap_or_default()
    }
}

/// Times of what fails and is tried again tell nothing of the cap.
fn without_retries(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for call in &mut plan.calls {
        Arc::make_mut(call).retries = 0;
    }
    plan
}

impl Sweep {
    /// Publishes the findings so far.
    fn publish(&self, driver: &mut Driver<'_>) {
        driver.update(|experiment| match &mut experiment.findings {
            ExperimentFindings::Sweep(findings) => findings.renew(self),
            findings @ ExperimentFindings::Comparison(_) => {
                *findings = ExperimentFindings::Sweep(self.findings());
            }
        });
    }

    /// Returns its findings so far.
    pub fn findings(&self) -> SweepFindings {
        let caps = self.figures();
        SweepFindings {
            request: self.request.clone(),
            runs: self.runs.clone(),
            blocks: self.blocks(),
            verdict: verdict::verdict(&caps),
            curve: (!caps.is_empty()).then(|| self.curve()).flatten(),
            caps,
            drift: self.drift(),
            left_out: self.left_out().to_vec(),
            set_aside: self.set_aside.clone(),
            disturbed: self.disturbed(),
            broken_off: self.broken_off,
            error: self.error.clone(),
        }
    }
}

impl SweepFindings {
    /// Of these runs; nothing has run yet without any.
    pub fn of(request: SweepRequest, runs: Vec<SweepRun>) -> Self {
        Sweep::new(request, runs).findings()
    }

    /// Takes in what has happened since. The resampling is done again only
    /// where another block counts.
    pub fn renew(&mut self, sweep: &Sweep) {
        if self.blocks == sweep.blocks() {
            self.runs.clone_from(&sweep.runs);
            self.left_out = sweep.left_out().to_vec();
            self.set_aside.clone_from(&sweep.set_aside);
            self.broken_off = sweep.broken_off;
            self.error.clone_from(&sweep.error);
        } else {
            *self = sweep.findings();
        }
    }
}
