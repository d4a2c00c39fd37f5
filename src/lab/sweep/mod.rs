//! Which cap is worth using: the plan at many caps, in randomised blocks.

mod certainty;
mod document;
mod findings;
mod race;
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
/// Blocks that are set aside for that; after as many, others are taken to use
/// the machine all the time.
const MOST_SET_ASIDE: usize = 2;

/// The runs of a sweep, as far as it went.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The request.
    pub request: SweepRequest,
    /// The caps that were run; those left out are not among them.
    pub caps: Vec<Cap>,
    /// The caps that are still in the running.
    pub alive: Vec<Cap>,
    /// The caps of each block that has begun, from the first.
    plans: Vec<Vec<Cap>>,
    /// Whether the caps between those of the warm-up were looked at.
    is_refined: bool,
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
            caps: Vec::new(),
            alive: Vec::new(),
            plans: Vec::new(),
            is_refined: !request.may_end_early,
            request,
            runs,
            set_aside: Vec::new(),
            broken_off: 0,
            error: None,
        };
        sweep.caps = sweep.warm_up_caps();
        sweep.alive.clone_from(&sweep.caps);
        let last = sweep.runs.iter().map(|run| run.block).max().unwrap_or(0);
        for number in 1..=last {
            sweep.plan_block(number);
            if sweep.is_whole(number) {
                sweep.judge(number);
            } else {
                sweep.runs.retain(|run| run.block != number);
            }
        }
        sweep
    }

    /// Returns the caps of the warm-up, up to where the curve declines.
    fn warm_up_caps(&self) -> Vec<Cap> {
        let mut caps = if self.request.may_end_early {
            race::doubling(&self.request.caps)
        } else {
            self.request.caps.clone()
        };
        let mut places = 0..caps.len();
        if let Some(place) = places.find(|place| self.is_declining(&caps[..*place])) {
            caps.truncate(place);
        }
        caps
    }

    /// Notes the caps of a block that begins.
    fn plan_block(&mut self, number: usize) {
        if self.plans.len() < number {
            self.plans.push(self.alive.clone());
        }
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
        self.warm_up(context)?;
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

    /// One run at each cap of the warm-up, until the curve declines.
    fn warm_up(&mut self, context: &mut SweepContext<'_, '_>) -> Result<(), ExperimentError> {
        let caps = if self.request.may_end_early {
            race::doubling(&self.request.caps)
        } else {
            self.request.caps.clone()
        };
        for (place, cap) in caps.iter().enumerate() {
            if self.is_declining(&caps[..place]) {
                break;
            }
            let blocks = caps.repeat(self.request.blocks);
            let rest = [caps[place + 1..].to_vec(), blocks].concat();
            if !self.run(context, 0, *cap, &rest)? {
                return Err(ExperimentError::CallFailed { cap: *cap });
            }
        }
        if self.plans.is_empty() {
            self.caps = self.warm_up_caps();
            self.alive.clone_from(&self.caps);
        }
        Ok(())
    }

    /// The machine has cooled since the runs that are gone on from.
    fn warm_up_again(&self, context: &mut SweepContext<'_, '_>) -> Result<(), ExperimentError> {
        let Some(cap) = self.alive.last().copied() else {
            return Ok(());
        };
        let left = self.request.blocks.saturating_sub(self.blocks());
        let rest = self.alive.repeat(left);
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
        self.plan_block(number);
        let order = block_order(&self.alive, self.request.seed, number);
        for (at, cap) in order.iter().enumerate() {
            let later = of.saturating_sub(self.blocks() + 1);
            let rest = [order[at + 1..].to_vec(), self.alive.repeat(later)].concat();
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

    /// Sets a whole block aside if others used the machine meanwhile, unless they
    /// never rest; one that counts decides which caps run next.
    fn judge(&mut self, number: usize) {
        if self.is_disturbed(number) && self.set_aside.len() < MOST_SET_ASIDE {
            self.set_aside.push(number);
        } else {
            self.advance();
        }
    }

    /// Takes in the caps where the curve turns, once; drops those that cannot
    /// be worth using.
    fn advance(&mut self) {
        let figures = self.figures();
        if !std::mem::replace(&mut self.is_refined, true) {
            let between = race::between(&self.request.caps, &figures);
            for caps in [&mut self.caps, &mut self.alive] {
                caps.extend(&between);
                caps.sort_unstable();
            }
            return;
        }
        let fewest = self.fewest_runs(&figures);
        if fewest >= race::LEAST_RUNS.max(self.request.blocks) {
            self.alive = race::in_the_running(&self.alive, &figures);
        }
    }

    /// Runs of the cap in the running that has the fewest.
    fn fewest_runs(&self, figures: &[CapFigures]) -> usize {
        let runs = |cap: &Cap| {
            let own = figures.iter().find(|it| it.cap == *cap);
            own.map_or(0, |it| it.wall.values)
        };
        self.alive.iter().map(runs).min().unwrap_or(0)
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

    /// Whether the last two of these caps were both worse in the warm-up than
    /// the best before them, and not because of others.
    fn is_declining(&self, caps: &[Cap]) -> bool {
        if !self.request.may_end_early || caps.len() < 3 {
            return false;
        }
        let runs: Option<Vec<&SweepRun>> = caps.iter().map(|cap| self.find(0, *cap)).collect();
        let Some(runs) = runs else { return false };
        let best = runs.iter().map(|run| run.seconds);
        let best = best.fold(f64::INFINITY, f64::min);
        runs[caps.len() - 2..]
            .iter()
            .all(|run| run.seconds > best * WORSE && !self.is_beside_others(run))
    }

    /// Whether the answer is not certain enough, and may become so.
    fn wants_block(&self) -> bool {
        let figures = self.figures();
        if !self.is_refined || self.fewest_runs(&figures) < self.request.blocks {
            return true;
        }
        let is_certain = figures.iter().any(|it| it.is_likely(verdict::CERTAIN));
        !is_certain && self.blocks() < MOST_BLOCKS.max(self.request.blocks)
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

    /// Whether every cap of a block has run.
    fn is_whole(&self, number: usize) -> bool {
        let plan = number.checked_sub(1).and_then(|it| self.plans.get(it));
        plan.is_some_and(|plan| plan.iter().all(|cap| self.find(number, *cap).is_some()))
    }

    /// Numbers of the blocks that count: whole, and not set aside.
    fn whole_blocks(&self) -> Vec<usize> {
        let is_counted =
            |number: &usize| !self.set_aside.contains(number) && self.is_whole(*number);
        (1..=self.plans.len()).filter(is_counted).collect()
    }

    fn table(&self) -> BlockTable<'_> {
        let wall = |block: usize, cap: Cap| self.find(block, cap).map(|run| run.seconds);
        let blocks = self.whole_blocks().into_iter().map(|block| {
            let walls = self.caps.iter().map(|cap| wall(block, *cap));
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
        let last = self.caps.last();
        let last = self.request.caps.iter().position(|cap| Some(cap) == last);
        let is_ended = self.warm_up_caps().last() < self.request.caps.last();
        let above = last.filter(|_| is_ended).map(|last| last + 1);
        above.map_or(&[], |above| {
            self.request.caps.get(above..).unwrap_or_default()
        })
    }

    /// Caps that were run no more, since they could not be worth using.
    pub fn dropped(&self) -> Vec<Cap> {
        let caps = self.caps.iter().copied();
        caps.filter(|cap| !self.alive.contains(cap)).collect()
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
            findings => {
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
            dropped: self.dropped(),
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
