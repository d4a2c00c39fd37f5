//! `fanout` without a command: the dashboard, or a file by what it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::exit::{self, Exit};
use super::looks::LookOptions;
use super::options::{AgentOptions, AnswerOptions, CatalogueOptions, OutputOptions, PolicyOptions};
use super::{completions, dashboard, own_servers, run, terminal};
use crate::app::{self, RunEnvironment, Session, Untrusted};
use crate::catalogue::text::nearest;
use crate::catalogue::{Catalogue, FileKind, nearest_file};
use crate::model::Plan;

/// `fanout` without a command.
#[derive(Debug, Args)]
pub(super) struct Bare {
    /// A plan to run, or a file of tools or MCP servers to open
    #[arg(value_name = "FILE", add = completions::files())]
    file: Option<PathBuf>,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    answers: AnswerOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    /// Neither read nor write what is kept of earlier runs and sessions
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    looks: LookOptions,
    #[command(flatten)]
    agents: AgentOptions,
}

impl Bare {
    /// Shows the dashboard; with a file, runs it or has its tools at hand, by
    /// what it is.
    pub(super) fn run(self, commands: &clap::Command) -> Exit {
        let Some(path) = self.file.clone() else {
            return self.show(None);
        };
        if !path.exists() {
            return no_such_file(&path, commands);
        }
        match FileKind::of(&path) {
            Some(FileKind::Catalogue { .. }) => self.show(Some(&path)),
            // A file that is neither is a plan with a mistake, which is told.
            Some(FileKind::Plan) | None => self.run_plan(path),
        }
    }

    fn run_plan(self, path: PathBuf) -> Exit {
        let output = self.output();
        run::Run::new(path, self.catalogue, self.answers, self.policy, output).run()
    }

    fn output(&self) -> OutputOptions {
        OutputOptions {
            looks: self.looks.clone(),
            no_history: self.no_history,
            agents: self.agents.clone(),
            ..OutputOptions::default()
        }
    }

    /// Shows the dashboard without a plan, with the tools of a file at hand.
    fn show(self, file: Option<&Path>) -> Exit {
        if !terminal::is_terminal() {
            return exit::usage_text(
                "the dashboard needs a terminal; `fanout run PLAN --plain` does not",
            );
        }
        // A file that is named here is no more trusted than one that is found:
        // only `--catalogue` is consent.
        let catalogue = match file {
            Some(file) => app::open_catalogue(file),
            None => self.catalogue.load(Untrusted::PassOver),
        };
        // A folder with a catalogue of its own says what is used in it.
        let is_given = file.is_some() || !self.catalogue.files().is_empty();
        let is_bare = !is_given && nearest_file(Path::new(".")).is_none();
        let mut notices = Vec::new();
        let catalogue = catalogue.and_then(|catalogue| {
            let mut catalogue = Catalogue::clone(&catalogue);
            if is_bare {
                (catalogue, notices) = own_servers::added_to(catalogue);
            }
            let answers = self.answers.read()?;
            Ok(answers.given_to(catalogue, None)?)
        });
        let catalogue = match catalogue {
            Ok(catalogue) => Arc::new(catalogue),
            Err(error) => return exit::not_opened(error),
        };
        let plan = Plan {
            name: "no plan".to_owned(),
            ..Plan::default()
        };
        match RunEnvironment::prepare(&catalogue) {
            Ok(environment) => {
                let mut session = Session::new(environment, plan, catalogue);
                dashboard::conduct_empty(&mut session, &self.policy, &self.output(), notices)
            }
            Err(error) => exit::cannot_run(&error),
        }
    }
}

/// Says that there is neither a command nor a file of this name, and which one
/// was probably meant.
fn no_such_file(path: &Path, commands: &clap::Command) -> Exit {
    let name = path.display().to_string();
    let names = commands.get_subcommands().map(clap::Command::get_name);
    let near = nearest(&name, names);
    let near = near.map_or_else(String::new, |near| {
        format!("; did you mean `fanout {near}`?")
    });
    exit::usage_text(&format!("there is no command and no file `{name}`{near}"))
}
