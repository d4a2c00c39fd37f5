//! Which cap is worth using: the plan at many caps, in randomised blocks.

mod document;
mod findings;
#[cfg(test)]
mod tests;
mod usl;
mod verdict;

pub use findings::{Findings, Mark, lanes};
pub use usl::Usl;
pub use verdict::{CapFigures, Curve, Verdict};

use serde::{Deserialize, Serialize};

use super::blocks::{Pace, block_order};
use super::{Bench, Found, Halt, Step};
use crate::model::{Cap, Plan};
use verdict::Table;

/// Blocks that are run where fewer are inconclusive.
pub const MOST_BLOCKS: usize = 10;
/// Blocks where nobody says how many.
pub const USUAL_BLOCKS: usize = 5;
/// Highest cap that is swept where nobody names one and the machine has few
/// cores.
const HIGHEST: u32 = 16;
/// A cap that is slower than the best by more than this is worse.
const WORSE: f64 = 1.10;
/// Cores in use by others, as a part of all, that make a block doubtful.
const FOREIGN: f64 = 0.10;

/// What is to be swept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The caps, the lowest first.
    pub caps: Vec<Cap>,
    /// Whether higher caps are left out after two that are worse.
    pub may_end_early: bool,
    /// Blocks at least.
    pub blocks: usize,
    /// Seed of the order of the caps in each block.
    pub seed: u64,
    /// Cores of the machine.
    pub cores: u32,
}

/// One run that counts, or the warm-up. A line of the file that a sweep is
/// gone on with from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The block, from 1; 0 is the warm-up.
    pub block: usize,
    /// Its cap.
    pub cap: Cap,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Cores that others used meanwhile, where it is known.
    pub foreign_cores: Option<f64>,
}

/// What came of a sweep, as far as it went.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// What was asked for.
    pub request: Request,
    /// The caps that were run; those left out are not among them.
    pub caps: Vec<Cap>,
    /// Every run so far, blocks set aside included.
    pub runs: Vec<Run>,
    /// Blocks that were set aside, because others used the machine meanwhile,
    /// and run again.
    pub set_aside: Vec<usize>,
    /// Why it ended before its time.
    pub halt: Option<Halt>,
}

impl Request {
    /// What is swept of a plan where nobody says more: the usual caps up to
    /// twice the cores, and to the plan's own cap.
    pub fn usual(plan: &Plan, cores: u32, seed: u64) -> Self {
        let own = plan.cap.map_or(0, Cap::get);
        let highest = HIGHEST.max(cores * 2).max(own);
        Self {
            caps: usual_caps(plan.calls.len(), highest),
            may_end_early: true,
            blocks: USUAL_BLOCKS,
            seed,
            cores,
        }
    }

    /// Runs at least, the warm-up included.
    pub fn least_runs(&self) -> usize {
        self.caps.len() * (self.blocks + 1)
    }
}

impl Sweep {
    /// A sweep that goes on where `runs` ended; nothing has run without any.
    pub fn new(request: Request, runs: Vec<Run>) -> Self {
        Self {
            caps: request.caps.clone(),
            request,
            runs,
            set_aside: Vec::new(),
            halt: None,
        }
    }

    /// Runs what is missing. `keep` gets all runs whenever there is another.
    pub fn conduct(&mut self, plan: &Plan, bench: &mut dyn Bench, keep: &mut dyn FnMut(&[Run])) {
        let plan = without_retries(plan);
        self.halt = self.measure(&plan, bench, keep).err();
    }

    fn measure(
        &mut self,
        plan: &Plan,
        bench: &mut dyn Bench,
        keep: &mut dyn FnMut(&[Run]),
    ) -> Result<(), Halt> {
        let mut pace = Pace::default();
        for run in &self.runs {
            pace.add(run.cap, std::time::Duration::from_secs_f64(run.seconds));
        }
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
            self.run(plan, bench, keep, &mut pace, (0, cap), &rest)?;
        }
        let mut number = 0;
        while self.wants_block() {
            number += 1;
            let of = self.request.blocks.max(self.whole_blocks().len() + 1);
            let order = block_order(&self.caps, self.request.seed, number);
            for (at, cap) in order.iter().enumerate() {
                let later = of.saturating_sub(self.whole_blocks().len() + 1);
                let rest = [order[at + 1..].to_vec(), self.caps.repeat(later)].concat();
                self.run(plan, bench, keep, &mut pace, (number, *cap), &rest)?;
            }
            if self.is_disturbed(number) && self.set_aside.len() < self.request.blocks {
                self.set_aside.push(number);
            }
        }
        Ok(())
    }

    /// One run, unless it is there already.
    fn run(
        &mut self,
        plan: &Plan,
        bench: &mut dyn Bench,
        keep: &mut dyn FnMut(&[Run]),
        pace: &mut Pace,
        (block, cap): (usize, Cap),
        rest: &[Cap],
    ) -> Result<(), Halt> {
        if self.find(block, cap).is_some() {
            return Ok(());
        }
        let of = self.request.blocks;
        let step = match block {
            0 => Step::WarmUp,
            number => Step::Block {
                number,
                of: of.max(number),
            },
        };
        bench.tell(&pace.progress(step, cap, Some(rest)));
        let trial = bench.run(plan, cap)?;
        if !trial.is_as_planned(plan) {
            let reason = format!(
                "not every call succeeded at cap {cap}: what fails cannot be timed (`fanout compare` tells more)"
            );
            return Err(Halt::Impossible(reason));
        }
        pace.add(cap, trial.wall);
        let run = Run {
            block,
            cap,
            seconds: trial.wall.as_secs_f64(),
            foreign_cores: trial.foreign_cores,
        };
        self.runs.push(run);
        keep(&self.runs);
        bench.found(Found::Sweep(self));
        Ok(())
    }

    fn find(&self, block: usize, cap: Cap) -> Option<&Run> {
        let mut runs = self.runs.iter();
        runs.find(|run| run.block == block && run.cap == cap)
    }

    /// Whether the two caps before this place were both worse in the warm-up
    /// than the best before them.
    fn is_declining(&self, place: usize) -> bool {
        if !self.request.may_end_early || place < 3 {
            return false;
        }
        let walls: Option<Vec<f64>> = self.request.caps[..place]
            .iter()
            .map(|cap| Some(self.find(0, *cap)?.seconds))
            .collect();
        let Some(walls) = walls else { return false };
        let best = walls.iter().copied().fold(f64::INFINITY, f64::min);
        walls[place - 2..].iter().all(|wall| *wall > best * WORSE)
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
        let limit = FOREIGN * f64::from(self.request.cores);
        let mut runs = self.runs.iter().filter(|run| run.block == block);
        runs.any(|run| run.foreign_cores.is_some_and(|cores| cores > limit))
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

    fn table(&self) -> Table<'_> {
        let wall = |block: usize, cap: Cap| self.find(block, cap).map(|run| run.seconds);
        let blocks = self.whole_blocks().into_iter().map(|block| {
            let walls = self.caps.iter().filter_map(|cap| wall(block, *cap));
            walls.collect()
        });
        Table {
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

    /// What the blocks say of each cap, the lowest first.
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
        call.retries = 0;
    }
    plan
}

/// The caps to sweep where none are given: about 1.4 times as many each time,
/// up to `highest`, at most one lane for each call.
pub fn usual_caps(calls: usize, highest: u32) -> Vec<Cap> {
    let highest = highest.min(u32::try_from(calls).unwrap_or(u32::MAX)).max(1);
    let steps = [
        1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512,
    ];
    let steps = steps.into_iter().filter(|step| *step < highest);
    steps.chain([highest]).filter_map(Cap::new).collect()
}
