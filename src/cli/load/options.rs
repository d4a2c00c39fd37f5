//! The options of a load.

use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::catalogue::quantity::parse_duration;
use crate::cli::caps::Caps;
use crate::lab::load::{
    Arrivals, CallRate, Expression, LoadLevel, LoadRequest, RateParseError, USUAL_CALLS, USUAL_TIME,
};
use crate::model::Cap;

/// The caps or rates of the steps.
#[derive(Debug, Args)]
pub(super) struct LevelOptions {
    /// Closed loop: so many callers, each sends its next call when its last has
    /// ended [default: 4]
    #[arg(long, value_name = "N", conflicts_with_all = ["caps", "rate", "rates"])]
    cap: Option<Cap>,
    /// A step at each of these caps, such as 1,2,4,8 or 1..16
    #[arg(long, value_name = "LIST", conflicts_with_all = ["rate", "rates"])]
    caps: Option<Caps>,
    /// Open loop: calls start on this schedule, such as 20/s, whatever the ones
    /// before do
    #[arg(long, value_name = "RATE", conflicts_with = "rates")]
    rate: Option<CallRate>,
    /// A step at each of these rates, such as 5,10,20
    #[arg(long, value_name = "LIST")]
    rates: Option<Rates>,
}

/// Rates in the order given.
#[derive(Debug, Clone)]
pub(super) struct Rates(Vec<CallRate>);

impl FromStr for Rates {
    type Err = RateParseError;

    fn from_str(text: &str) -> Result<Self, RateParseError> {
        let rates = text.split(',').map(|rate| rate.trim().parse());
        rates.collect::<Result<_, _>>().map(Self)
    }
}

impl LevelOptions {
    /// Returns the levels that are asked for; a search begins at one lane.
    pub(super) fn levels(&self, verdict: &VerdictOptions) -> Vec<LoadLevel> {
        if let Some(caps) = &self.caps {
            return caps.0.iter().copied().map(LoadLevel::Cap).collect();
        }
        if let Some(rates) = &self.rates {
            return rates.0.iter().copied().map(LoadLevel::Rate).collect();
        }
        if let Some(rate) = self.rate {
            return vec![LoadLevel::Rate(rate)];
        }
        let usual = if verdict.find.is_some() {
            Cap::ONE
        } else {
            Cap::DEFAULT
        };
        vec![LoadLevel::Cap(self.cap.unwrap_or(usual))]
    }
}

/// How the calls of a step come.
#[derive(Debug, Args)]
pub(super) struct LoopOptions {
    /// Calls of each step [default: 200, or 10 s if that is over first]
    #[arg(short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    calls: Option<u64>,
    /// Time in which calls of a step begin, such as 30s
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    time: Option<Duration>,
    /// Times between the calls of an open loop
    #[arg(long, value_name = "ARRIVALS", default_value = "uniform")]
    arrivals: ArrivalChoice,
    /// Calls before those that count [default: one for each lane]
    #[arg(long, value_name = "N")]
    warmup: Option<u64>,
    /// Pause of a caller between its calls, such as 100ms
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with_all = ["rate", "rates"])]
    think: Option<Duration>,
}

fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

/// Times between the calls of an open loop.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ArrivalChoice {
    /// All the same
    Uniform,
    /// Those of calls that come independently of one another
    Poisson,
}

impl LoopOptions {
    /// Puts them into a request.
    pub(super) fn put_into(&self, request: &mut LoadRequest) -> Result<(), String> {
        let is_any = self.calls.is_some() || self.time.is_some();
        request.calls = self.calls.or((!is_any).then_some(USUAL_CALLS));
        request.time = self.time.or((!is_any).then_some(USUAL_TIME));
        if request.time == Some(Duration::ZERO) {
            return Err("--for needs a time above 0".to_owned());
        }
        request.warm_up = self.warmup;
        request.think = self.think.unwrap_or_default();
        request.arrivals = match self.arrivals {
            ArrivalChoice::Uniform => Arrivals::Uniform,
            ArrivalChoice::Poisson => Arrivals::Poisson,
        };
        Ok(())
    }
}

/// Conditions on the figures.
#[derive(Debug, Args)]
pub(super) struct VerdictOptions {
    /// A condition that every step must keep, else the exit code is 1: p95<200ms,
    /// mean<80ms, errors<1%, rate>50/s, memory<1GiB (repeatable)
    #[arg(long, value_name = "EXPR")]
    budget: Vec<Expression>,
    /// Look for the highest cap (or rate) that keeps a condition: doubles, then
    /// bisects, and measures each twice
    #[arg(long, value_name = "EXPR")]
    find: Option<Expression>,
    /// Compare outputs with those that the same arguments give at cap 1
    #[arg(long)]
    same: bool,
    /// End with the first call that does not succeed
    #[arg(long)]
    fail_fast: bool,
    /// Lift the catalogue's `rate`, `max_parallel` and locks: calls that must not
    /// overlap may overlap
    #[arg(long)]
    ignore_limits: bool,
}

impl VerdictOptions {
    /// Returns whether the limits of the catalogue are lifted.
    pub(super) fn ignores_limits(&self) -> bool {
        self.ignore_limits
    }

    /// Puts them into a request.
    pub(super) fn put_into(&self, request: &mut LoadRequest) {
        request.budgets.clone_from(&self.budget);
        request.find = self.find;
        request.compares = self.same;
        request.fails_fast = self.fail_fast;
        request.ignores_limits = self.ignore_limits;
    }
}
