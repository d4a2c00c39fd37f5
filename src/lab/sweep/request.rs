//! The request for a sweep, and the runs that it may continue from.

use serde::{Deserialize, Serialize};

use super::race::doubling;
use crate::model::{Cap, Plan};

/// Blocks where nobody says how many.
pub const USUAL_BLOCKS: usize = 3;

/// Highest cap that is swept where nobody names one and the machine has few
/// cores.
const HIGHEST: u32 = 16;

/// A request for a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRequest {
    /// The caps, the lowest first.
    pub caps: Vec<Cap>,
    /// Whether it finds its way by itself: every other cap at first, those
    /// between them where the curve turns, and none after two that are worse.
    pub may_end_early: bool,
    /// Runs at least of each cap that is in the running.
    pub blocks: usize,
    /// Seed of the order of the caps in each block.
    pub seed: u64,
    /// Cores of the machine.
    pub cores: u32,
}

/// One run that counts, or the warm-up. A line of the file that a sweep is
/// gone on with from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SweepRun {
    /// The block, from 1; 0 is the warm-up.
    pub block: usize,
    /// Its cap.
    pub cap: Cap,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Cores that others used meanwhile, where it is known.
    pub foreign_cores: Option<f64>,
}

impl SweepRequest {
    /// Returns the default request: the usual caps up to twice the cores, and to
    /// the plan's own cap.
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

    /// Returns about how many runs it takes, the warm-up included: as many as
    /// where the answer is clear after the fewest blocks.
    pub fn usual_runs(&self) -> usize {
        self.usual_runs_at().len()
    }

    /// Returns the caps of those runs, as far as they are known: those between
    /// the first ones are taken to be in the middle.
    pub fn usual_runs_at(&self) -> Vec<Cap> {
        let first = if self.may_end_early {
            doubling(&self.caps)
        } else {
            self.caps.clone()
        };
        let between = self.caps.iter().filter(|cap| !first.contains(cap));
        let between: Vec<Cap> = between.copied().take(2).collect();
        let blocks = [first.repeat(self.blocks + 1), between.repeat(self.blocks)];
        blocks.concat()
    }
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
