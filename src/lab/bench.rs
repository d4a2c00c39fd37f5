//! What an experiment runs plans on, and what it tells meanwhile.

use std::time::Duration;

use super::Trial;
use super::compare::Comparison;
use super::sweep::Sweep;
use crate::model::{Cap, Plan};

/// Runs plans, one after another. Whoever implements it knows how calls are
/// run; an experiment knows only what comes of it.
pub trait Bench {
    /// Runs a plan once, from nothing, at a cap.
    ///
    /// # Errors
    ///
    /// The run was stopped, or could not be done.
    fn run(&mut self, plan: &Plan, cap: Cap) -> Result<Trial, Halt>;

    /// Hears how far the experiment is, before each run.
    fn tell(&mut self, progress: &Progress);

    /// Hears what is known so far, whenever that has become more.
    fn found(&mut self, _found: Found<'_>) {}
}

/// What an experiment knows so far.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// Of a plan at several caps.
    Comparison(&'a Comparison),
    /// Of which cap is worth using.
    Sweep(&'a Sweep),
}

/// Why an experiment ended before its time. What it found until then stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// Somebody stopped it.
    #[error("stopped")]
    Stopped,
    /// A run could not be done at all.
    #[error("{0}")]
    Impossible(String),
    /// Calls failed where they had to succeed.
    #[error("{0}")]
    Failed(String),
}

/// How far an experiment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What the next run is for.
    pub step: Step,
    /// The cap of the next run.
    pub cap: Cap,
    /// Runs done.
    pub done: usize,
    /// Runs in all, as far as that is known now.
    pub of: usize,
    /// Time the rest takes, by the runs so far; `None` before there are any,
    /// and where nobody can know how many runs there will be.
    pub left: Option<Duration>,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is not counted.
    WarmUp,
    /// It is one of a block, which has one run at each cap.
    Block {
        /// Number of the block, from 1.
        number: usize,
        /// Blocks in all.
        of: usize,
    },
    /// Whether results differ at the lowest cap too.
    Confirming,
    /// The smallest set of calls is looked for.
    Reducing,
    /// A remedy is tried.
    Trying,
}
