//! `fanout run`: a plan, on the dashboard on a terminal, as plain lines otherwise.

use std::path::PathBuf;

use clap::Args;

use super::exit::{self, Exit};
use super::options::{AnswerOptions, CatalogueOptions, OutputOptions, PolicyOptions};
use super::{completions, dashboard, headless, outputs};
use crate::app::{self, Session};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout run plan.toml
  fanout run plan.toml --cap 8 --report report.json
  fanout run plan.json --plain --on-failure continue")]
pub(super) struct Run {
    /// The plan: TOML, JSON or a `WfFormat` file
    #[arg(value_name = "PLAN", add = completions::plans())]
    plan: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    answers: AnswerOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl Run {
    pub(super) fn new(
        plan: PathBuf,
        catalogue: CatalogueOptions,
        answers: AnswerOptions,
        policy: PolicyOptions,
        output: OutputOptions,
    ) -> Self {
        Self {
            plan,
            catalogue,
            answers,
            policy,
            output,
        }
    }

    pub(super) fn run(self) -> Exit {
        let outputs = self.output.files();
        if let Err(clash) = outputs::clash(self.catalogue.and_plan(&self.plan), &outputs) {
            return exit::usage_text(&clash.to_string());
        }
        let opened = self.answers.read().and_then(|answers| {
            app::open_session(&self.plan, self.catalogue.files(), &answers, exit::warn)
        });
        match opened {
            Ok(mut session) => conduct(&mut session, &self.policy, &self.output),
            Err(error) => exit::not_opened(error),
        }
    }
}

/// Conducts a run on the dashboard or without it, as the options say.
pub(super) fn conduct(
    session: &mut Session,
    policy: &PolicyOptions,
    output: &OutputOptions,
) -> Exit {
    // The catalogue may have been found, and not named.
    if let Err(clash) = outputs::clash(outputs::origins(&session.catalogue), &output.files()) {
        session.environment.close_servers();
        return exit::usage_text(&clash.to_string());
    }
    if let Some(path) = &output.report
        && let Err(error) = session.open_report(path)
    {
        session.environment.close_servers();
        return exit::cannot_run(&error);
    }
    if output.is_headless() {
        headless::conduct(session, policy, output)
    } else {
        dashboard::conduct(session, policy, output)
    }
}
