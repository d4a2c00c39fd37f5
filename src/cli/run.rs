//! `fanout run`: a plan, on the dashboard on a terminal, as plain lines otherwise.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::exit::{self, Exit};
use super::ground::Ground;
use super::options::{CatalogueOptions, OutputOptions, PolicyOptions};
use super::session::Session;
use super::{dashboard, ground, headless};
use crate::catalogue::{Catalogue, Problems};
use crate::model::Plan;
use crate::plan::{self, Loaded};

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
        match prepare(&self.plan, &self.catalogue) {
            Ok(mut session) => conduct(&mut session, &self.policy, &self.output),
            Err(exit) => exit,
        }
    }
}

/// Makes everything ready for a plan in a file.
pub(super) fn prepare(path: &Path, catalogue: &CatalogueOptions) -> Result<Session, Exit> {
    let (catalogue, loaded) = catalogue.open(path)?;
    prepare_checked(loaded, catalogue, |catalogue| plan::load(path, catalogue))
}

/// Starts the servers that a checked plan names, and checks it again with what
/// they tell of their tools. A plan that is wrong starts nothing.
pub(super) fn prepare_checked(
    loaded: Loaded,
    catalogue: Catalogue,
    load: impl FnOnce(&Catalogue) -> Result<Loaded, Problems>,
) -> Result<Session, Exit> {
    let ground = Ground::prepare(&catalogue).map_err(|error| exit::cannot_run(&error))?;
    let servers = ground::servers_of(&loaded.plan, &catalogue);
    if servers.is_empty() {
        exit::warn(loaded.warnings);
        return Ok(Session::new(ground, loaded.plan, Arc::new(catalogue)));
    }
    let catalogue = match ground.connect(catalogue, &servers) {
        Ok(catalogue) => catalogue,
        Err(reasons) => {
            ground.close_servers();
            return Err(exit::not_connected(&reasons));
        }
    };
    match load(&catalogue) {
        Ok(loaded) => {
            exit::warn(loaded.warnings);
            let used = loaded.plan.calls.iter().map(|call| &call.tool);
            if let Err(exit) = ground.review(&catalogue, used) {
                ground.close_servers();
                return Err(exit);
            }
            Ok(Session::new(ground, loaded.plan, Arc::new(catalogue)))
        }
        Err(problems) => {
            ground.close_servers();
            Err(exit::invalid(problems))
        }
    }
}

/// Reads a plan and its catalogue. The problems of both stand in one report;
/// warnings go to standard error.
pub(super) fn load(
    path: &Path,
    catalogue: &CatalogueOptions,
) -> Result<(Plan, Arc<Catalogue>), Exit> {
    let (catalogue, loaded) = catalogue.open(path)?;
    exit::warn(loaded.warnings);
    Ok((loaded.plan, Arc::new(catalogue)))
}

/// Runs what is ready where the options want it shown.
pub(super) fn conduct(
    session: &mut Session,
    policy: &PolicyOptions,
    output: &OutputOptions,
) -> Exit {
    if let Err(error) = Session::check_report(output) {
        session.ground.close_servers();
        return exit::cannot_run(&error);
    }
    if output.is_headless() {
        headless::conduct(session, policy, output)
    } else {
        dashboard::conduct(session, policy, output)
    }
}
