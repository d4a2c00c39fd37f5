//! The request for a comparison.

use crate::model::Cap;

/// Blocks where nobody says how many.
pub const USUAL_BLOCKS: usize = 5;

/// A request for a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompareRequest {
    /// The caps, the lowest first, each once. Everything is compared with the
    /// lowest.
    pub caps: Vec<Cap>,
    /// Blocks: runs at each cap.
    pub blocks: usize,
    /// Seed of the order of the caps in each block.
    pub seed: u64,
}

impl CompareRequest {
    /// Returns the default request: one call at a time, and the cap that the
    /// plan is meant for.
    pub fn usual(cap: Option<Cap>, seed: u64) -> Self {
        let own = cap.filter(|cap| *cap > Cap::ONE);
        Self {
            caps: vec![Cap::ONE, own.unwrap_or_default()],
            blocks: USUAL_BLOCKS,
            seed,
        }
    }

    /// The lowest cap, with which everything is compared.
    pub fn lowest(&self) -> Cap {
        self.caps.first().copied().unwrap_or(Cap::ONE)
    }

    /// Runs at least, the warm-up included.
    pub fn least_runs(&self) -> usize {
        self.caps.len() * self.blocks + 1
    }
}
