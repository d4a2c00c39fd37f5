//! `fanout compare`: the same plan at several caps, timings and results.

mod print;

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::caps::Caps;
use super::exit::{self, Exit};
use super::experiment::{Conditions, Exports, LiveBench};
use super::options::CatalogueOptions;
use super::run;
use crate::lab::Halt;
use crate::lab::compare::{self, Comparison, Request};
use crate::model::Plan;
use crate::tui::svg;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout compare plan.toml
  fanout compare plan.toml --caps 1,4,16 --repeats 3
  fanout compare plan.toml --json

Every cap runs once a block, each block in another order. Results are compared
with those of the lowest cap; what differs only above it is a parallel hazard,
and the exit code is 1.")]
pub(super) struct Compare {
    /// The plan: TOML, JSON or a `WfFormat` file
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    /// Caps to compare, such as 1,8; at least two [default: 1 and the plan's]
    #[arg(long, value_name = "LIST")]
    caps: Option<Caps>,
    /// Runs at each cap, besides a warm-up
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    repeats: u16,
    #[command(flatten)]
    conditions: Conditions,
    #[command(flatten)]
    exports: Exports,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(super) fn run(self) -> Exit {
        let session = match run::prepare(&self.plan, &self.catalogue) {
            Ok(session) => session,
            Err(exit) => return exit,
        };
        let plan = session.plan.clone();
        let mut caps = match &self.caps {
            Some(caps) => caps.0.clone(),
            None => Request::usual(plan.cap, 0).caps,
        };
        caps.sort_unstable();
        if caps.len() < 2 {
            return exit::usage_text("--caps needs at least two caps to compare");
        }
        let mut bench = match LiveBench::on_terminal(session, self.conditions) {
            Ok(bench) => bench,
            Err(error) => return exit::cannot_run(&error),
        };
        let request = Request {
            caps,
            blocks: usize::from(self.repeats),
            seed: self.conditions.seed,
        };
        let comparison = compare::compare(&plan, request, &mut bench);
        bench.finish();
        let findings = comparison.findings(&plan);
        let out = io::stdout().lock();
        let written = if self.json {
            exit::print_json(&findings.document(&plan), out)
        } else {
            print::print(&plan, &findings, out)
        };
        let exported = self.exports.write(
            || findings.csv(),
            || svg::comparison_chart(&plan, &findings),
        );
        let written = exit::first_failure(exit::written(written), exported);
        let verdict = verdict(&plan, &comparison);
        exit::first_failure(written, bench.interrupted.unwrap_or(verdict))
    }
}

/// A hazard is a failure, and so is a call that did not end as planned.
fn verdict(plan: &Plan, comparison: &Comparison) -> Exit {
    if let Some(halt @ (Halt::Impossible(_) | Halt::Failed(_))) = &comparison.halt {
        return exit::halted(halt);
    }
    let mut runs = comparison.blocks.iter().flatten();
    if comparison.hazards.is_empty() && runs.all(|trial| trial.is_as_planned(plan)) {
        Exit::Success
    } else {
        Exit::CallFailed
    }
}
