//! `fanout demo`: the sample plan, started at once.

use clap::Args;

use super::dashboard;
use super::exit::{self, Exit};
use super::options::{OutputOptions, PolicyOptions};
use super::run;
use crate::app::{self, OpenError, Session};
use crate::catalogue::Catalogue;
use crate::model::Cap;
use crate::plan;

/// The sample plan, part of the program.
pub(super) const PLAN: &str = include_str!("../../sample-tools/plans/demo.toml");

/// A plan of calls that wait and do not need one another.
const PARALLEL: &str = include_str!("../../sample-tools/plans/parallel.toml");
/// Lanes that it is compared with one at, where nobody says how many.
const LANES: u32 = 8;
/// Runs each way: together they take half a minute.
const BLOCKS: usize = 3;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout demo
  fanout demo --cap 1
  fanout demo --compare
  fanout demo --plain --cap 8 --report report.json")]
pub(super) struct Demo {
    /// One lane against eight: eight calls that wait, run both ways and shown at
    /// full size
    #[arg(long, conflicts_with_all = ["plain", "events", "report"])]
    compare: bool,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl Demo {
    pub(super) fn run(self) -> Exit {
        if self.compare {
            return self.compare();
        }
        match prepare("demo.toml", PLAN) {
            Ok(mut session) => run::conduct(&mut session, &self.policy, &self.output),
            Err(error) => exit::not_opened(error),
        }
    }
}

impl Demo {
    /// Compares one lane with eight, or with as many as were asked for.
    fn compare(self) -> Exit {
        if self.output.is_headless() {
            return exit::usage_text(
                "a comparison is shown on a terminal; `fanout compare PLAN` prints one",
            );
        }
        match prepare("parallel.toml", PARALLEL) {
            Ok(mut session) => {
                session.plan.cap = Cap::new(LANES);
                dashboard::compare(&mut session, &self.policy, &self.output, BLOCKS)
            }
            Err(error) => exit::not_opened(error),
        }
    }
}

fn prepare(name: &'static str, text: &'static str) -> Result<Session, OpenError> {
    let load = |catalogue: &Catalogue| plan::from_text(name, text, catalogue);
    let catalogue = Catalogue::sample()?;
    let loaded = load(&catalogue)?;
    let catalogue = catalogue.with_tools(loaded.extra_tools.iter().cloned());
    app::prepare_session(loaded, catalogue, load, exit::warn)
}
