//! The request for a comparison.

use std::fmt;
use std::str::FromStr;

use crate::lab::statistics::LOOKS;
use crate::model::Cap;

/// Blocks where nobody says how many.
pub const USUAL_BLOCKS: usize = 5;

/// The most by which an end of an interval is off its middle, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Narrowness(pub u32);

impl Narrowness {
    /// Returns it as a part of the middle.
    pub fn part(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl FromStr for Narrowness {
    type Err = String;

    /// Reads `5%` or `2.5 %`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().trim_end_matches('%').trim();
        match number.parse::<f64>() {
            Ok(percent) if (0.1..=100.0).contains(&percent) => {
                Ok(Self((percent * 10.0).round() as u32))
            }
            _ => Err("a percentage from 0.1% to 100% is needed, such as 5%".to_owned()),
        }
    }
}

impl fmt::Display for Narrowness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "±{} %", f64::from(self.0) / 10.0)
    }
}

/// A request for a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompareRequest {
    /// The caps, the lowest first, each once. Everything is compared with the
    /// lowest.
    pub caps: Vec<Cap>,
    /// Blocks: runs at each cap; where it goes on until it is narrow enough, at
    /// least.
    pub blocks: usize,
    /// How narrow the interval of each speed-up is to be before it ends; `None`
    /// where the blocks alone count.
    pub until: Option<Narrowness>,
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
            until: None,
            seed,
        }
    }

    /// Blocks at most.
    pub(super) fn most_blocks(&self) -> usize {
        match self.until {
            Some(_) => LOOKS[LOOKS.len() - 1].max(self.blocks),
            None => self.blocks,
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
