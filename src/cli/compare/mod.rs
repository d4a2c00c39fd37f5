//! `fanout compare`: the same plan at several caps, timings and results.

mod print;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::caps::Caps;
use super::exit::{self, Exit};
use super::experiment::{ConditionOptions, Exports, ProgressLine};
use super::options::{AnswerOptions, CatalogueOptions};
use super::{completions, outputs};
use crate::app::{self, LiveRunner, Signals};
use crate::lab::compare::{CompareFindings, CompareRequest, Narrowness};
use crate::lab::{self, ExperimentError, ExperimentFindings, ExperimentRequest};
use crate::tui::svg;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout compare plan.toml
  fanout compare plan.toml --caps 1,4,16 --repeats 3
  fanout compare plan.toml --until 5%
  fanout compare plan.toml --json

Every cap runs once a block, each block in another order. Results are compared
with those of the lowest cap; what differs only above it is a parallel hazard,
and the exit code is 1. Calls that cannot be compared, such as flaky ones, are
named.")]
pub(super) struct Compare {
    /// The plan: TOML, JSON or a `WfFormat` file
    #[arg(value_name = "PLAN", add = completions::plans())]
    plan: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    answers: AnswerOptions,
    /// Caps to compare, such as 1,8; at least two [default: 1 and the plan's]
    #[arg(long, value_name = "LIST")]
    caps: Option<Caps>,
    /// Runs at each cap, besides a warm-up
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    repeats: u16,
    /// Go on until every speed-up is known this narrowly, such as 5%; at most 100
    /// blocks
    #[arg(long, value_name = "PERCENT")]
    until: Option<Narrowness>,
    #[command(flatten)]
    conditions: ConditionOptions,
    #[command(flatten)]
    exports: Exports,
    /// Exit with code 1 also where calls could not be compared
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(super) fn run(self) -> Exit {
        let read = self.catalogue.and_plan(&self.plan);
        if let Err(clash) = outputs::clash(read, &self.exports.files()) {
            return exit::usage_text(&clash.to_string());
        }
        let opened = self.answers.read().and_then(|answers| {
            app::open_session(&self.plan, self.catalogue.files(), &answers, exit::warn)
        });
        let session = match opened {
            Ok(session) => session,
            Err(error) => return exit::not_opened(error),
        };
        let plan = Arc::new(session.plan.clone());
        let mut caps = match &self.caps {
            Some(caps) => caps.0.clone(),
            None => CompareRequest::usual(plan.cap, 0).caps,
        };
        caps.sort_unstable();
        if caps.len() < 2 {
            return exit::usage_text("--caps needs at least two caps to compare");
        }
        let conditions = self.conditions.conditions();
        let mut runner = match LiveRunner::of_session(session, conditions, Signals::listen) {
            Ok(runner) => runner,
            Err(error) => return exit::cannot_run(&error),
        };
        let request = CompareRequest {
            caps,
            blocks: usize::from(self.repeats),
            until: self.until,
            seed: self.conditions.seed,
        };
        let mut progress = ProgressLine::new();
        let request = ExperimentRequest::Compare(request);
        let experiment = lab::conduct(&plan, request, &mut runner, &mut progress);
        progress.clear();
        let ExperimentFindings::Comparison(findings) = &experiment.findings else {
            return Exit::CannotRun;
        };
        let out = io::stdout().lock();
        let written = if self.json {
            exit::print_json(&findings.document(&plan), out)
        } else {
            print::print(&plan, findings, out)
        };
        let exported = self
            .exports
            .write(|| findings.csv(), || svg::comparison_chart(&plan, findings));
        let written = exit::first_failure(exit::written(written), exported);
        let verdict = match runner.take_interruption() {
            Some(interruption) => interruption.into(),
            None => verdict(findings, self.strict),
        };
        exit::first_failure(written, verdict)
    }
}

/// A hazard is a failure, and so is a call that fails at every cap; under
/// `--strict` also one that could not be compared.
fn verdict(findings: &CompareFindings, is_strict: bool) -> Exit {
    let is_failure = !findings.hazards.is_empty()
        || findings.has_failures
        || is_strict && findings.not_compared() > 0;
    match &findings.error {
        Some(error) if *error != ExperimentError::Stopped => exit::experiment_failed(error),
        _ if is_failure => Exit::CallFailed,
        _ => Exit::Success,
    }
}
