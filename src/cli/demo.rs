//! `fanout demo`: the sample plan, started at once.

use clap::Args;

use super::exit::{self, Exit};
use super::options::{OutputOptions, PolicyOptions};
use super::run;
use crate::app::{self, OpenError, Session};
use crate::catalogue::Catalogue;
use crate::plan;

/// The sample plan, part of the program.
pub(super) const PLAN: &str = include_str!("../../sample-tools/plans/demo.toml");

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout demo
  fanout demo --cap 1
  fanout demo --plain --cap 8 --report report.json")]
pub(super) struct Demo {
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl Demo {
    pub(super) fn run(self) -> Exit {
        match prepare() {
            Ok(mut session) => run::conduct(&mut session, &self.policy, &self.output),
            Err(error) => exit::not_opened(error),
        }
    }
}

fn prepare() -> Result<Session, OpenError> {
    let load = |catalogue: &Catalogue| plan::from_text("demo.toml", PLAN, catalogue);
    let catalogue = Catalogue::sample()?;
    let loaded = load(&catalogue)?;
    let catalogue = catalogue.with_tools(loaded.extra_tools.iter().cloned());
    app::prepare_session(loaded, catalogue, load, exit::warn)
}
