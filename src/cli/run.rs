//! `fanout run`: a plan, on the dashboard on a terminal, as plain lines otherwise.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::exit::{self, Exit};
use super::options::{CatalogueOptions, OutputOptions, PolicyOptions};
use super::session::Session;
use super::{dashboard, headless};
use crate::catalogue::Catalogue;
use crate::model::Plan;
use crate::plan;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout run plan.toml
  fanout run plan.toml --cap 8 --report report.json
  fanout run plan.json --plain --on-failure continue")]
pub(super) struct Run {
    /// The plan: TOML, JSON or a `WfFormat` file
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl Run {
    pub(super) fn run(self) -> Exit {
        match load(&self.plan, &self.catalogue) {
            Ok((plan, catalogue)) => conduct(plan, catalogue, &self.policy, &self.output),
            Err(exit) => exit,
        }
    }
}

/// Reads a plan and its catalogue. The problems of both stand in one report;
/// warnings go to standard error.
pub(super) fn load(
    path: &Path,
    catalogue: &CatalogueOptions,
) -> Result<(Plan, Arc<Catalogue>), Exit> {
    match plan::open(path, catalogue.files()) {
        Ok((catalogue, loaded)) => {
            exit::warn(loaded.warnings);
            Ok((loaded.plan, Arc::new(catalogue)))
        }
        Err(problems) => Err(exit::invalid(problems)),
    }
}

/// Runs a checked plan where the options want it shown.
pub(super) fn conduct(
    plan: Plan,
    catalogue: Arc<Catalogue>,
    policy: &PolicyOptions,
    output: &OutputOptions,
) -> Exit {
    let mut session = match Session::new(plan, catalogue) {
        Ok(session) => session,
        Err(error) => return exit::cannot_run(&error),
    };
    if output.is_headless() {
        headless::conduct(&mut session, policy, output)
    } else {
        dashboard::conduct(&mut session, policy, output)
    }
}
