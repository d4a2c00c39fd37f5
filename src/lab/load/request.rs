//! The request for a load.

use std::time::Duration;

use super::{Expression, LoadLevel};

/// Calls of each step where neither their number nor a time is asked for.
pub const USUAL_CALLS: u64 = 200;
/// Time of each step where neither is asked for.
pub const USUAL_TIME: Duration = Duration::from_secs(10);

/// A request for a load.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadRequest {
    /// The tool's name, or the plan's.
    pub name: String,
    /// The steps, in their order. With `find`, the first level that is tried.
    pub levels: Vec<LoadLevel>,
    /// Calls of each step; `None` is no limit.
    pub calls: Option<u64>,
    /// Time in which calls of a step begin; `None` is no limit.
    pub time: Option<Duration>,
    /// Calls before those that count; `None` is one for each lane.
    pub warm_up: Option<u64>,
    /// Pause of a caller between its calls.
    pub think: Duration,
    /// Times between the calls of an open loop.
    pub arrivals: Arrivals,
    /// Seed of random times.
    pub seed: u64,
    /// Whether the first call that does not succeed ends it.
    pub fails_fast: bool,
    /// Conditions that every step must keep.
    pub budgets: Vec<Expression>,
    /// The condition whose highest level is looked for.
    pub find: Option<Expression>,
    /// Whether outputs are compared with those of one lane.
    pub compares: bool,
    /// Whether the limits and locks of the catalogue are lifted.
    pub ignores_limits: bool,
}

impl LoadRequest {
    /// A load at these levels with what is usual besides.
    pub fn usual(name: &str, levels: Vec<LoadLevel>) -> Self {
        Self {
            name: name.to_owned(),
            levels,
            calls: Some(USUAL_CALLS),
            time: Some(USUAL_TIME),
            warm_up: None,
            think: Duration::ZERO,
            arrivals: Arrivals::Uniform,
            seed: crate::lab::SEED,
            fails_fast: false,
            budgets: Vec::new(),
            find: None,
            compares: false,
            ignores_limits: false,
        }
    }

    /// Number of calls before those of a step that count.
    pub(super) fn warm_up_at(&self, level: LoadLevel) -> u64 {
        let usual = match level {
            LoadLevel::Cap(cap) => u64::from(cap.get()),
            LoadLevel::Rate(_) => 1,
        };
        self.warm_up.unwrap_or(usual)
    }
}

/// Times between the calls of an open loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrivals {
    /// All the same.
    #[default]
    Uniform,
    /// Those of a Poisson process: calls come independently of one another.
    Poisson,
}

impl Arrivals {
    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Poisson => "poisson",
        }
    }
}
