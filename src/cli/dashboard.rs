//! The dashboard on a terminal: with a plan, or empty with the catalogue at hand.

use std::io::{self, IsTerminal};

use clap::Args;

use super::exit::{self, Exit};
use super::options::{CatalogueOptions, OutputOptions, PolicyOptions};
use super::session::Session;
use crate::model::Plan;

/// `fanout` without a command.
#[derive(Debug, Args)]
pub(super) struct Dashboard {
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    policy: PolicyOptions,
}

impl Dashboard {
    pub(super) fn run(self) -> Exit {
        if !is_terminal() {
            return exit::usage_text(
                "the dashboard needs a terminal; `fanout run PLAN --plain` does not",
            );
        }
        let catalogue = match self.catalogue.load() {
            Ok(catalogue) => catalogue,
            Err(exit) => return exit,
        };
        let plan = Plan {
            name: "no plan".to_owned(),
            cap: None,
            on_failure: None,
            calls: Vec::new(),
            expected_failures: Vec::new(),
        };
        match Session::new(plan, catalogue) {
            Ok(session) => conduct(&session, &self.policy, &OutputOptions::default()),
            Err(error) => exit::cannot_run(&error),
        }
    }
}

/// Whether a dashboard can be drawn and steered here.
pub(super) fn is_terminal() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
}

/// Shows a run until the user leaves it.
pub(super) fn conduct(session: &Session, policy: &PolicyOptions, options: &OutputOptions) -> Exit {
    super::headless::conduct(session, policy, options)
}
