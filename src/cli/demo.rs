//! `fanout demo`: the sample plan, started at once.

use clap::Args;

use super::exit::{self, Exit};
use super::options::{OutputOptions, PolicyOptions};
use super::run;
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
        let loaded = Catalogue::sample().and_then(|catalogue| {
            let plan = plan::from_text("demo.toml", PLAN, &catalogue)?;
            Ok((plan.plan, catalogue))
        });
        match loaded {
            Ok((plan, catalogue)) => {
                run::conduct(plan, catalogue.into(), &self.policy, &self.output)
            }
            Err(problems) => exit::invalid(problems),
        }
    }
}
