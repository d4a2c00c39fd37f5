//! `fanout with`: starts an agent with fanout before its servers, this once. No
//! file changes; what the agent must not see twice is handed over in its own
//! way, and never a value of a variable in a command line.

mod launch;
mod private_folder;
mod servers;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Args;

use super::exit::{self, Exit};
use super::wrap::agents::{self, Folders};
use super::wrap::command::ProxyOptions;
use super::wrap::found::{Found, Target};
use super::wrap::program;
use crate::app::{self, complain};
use crate::output::Safe;
use launch::Launch;
use servers::Servers;

/// Names of the agents that can be started so.
const AGENTS: [&str; 4] = ["claude", "codex", "gemini", "opencode"];

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout with -- claude            its servers on the dashboard, this once
  fanout with --govern -- gemini -p 'tidy the notes'
  fanout with --govern=4 -- codex exec 'tidy the notes'")]
pub(super) struct With {
    #[command(flatten)]
    proxy: ProxyOptions,
    /// The agent (claude, codex, gemini or opencode) and its arguments
    #[arg(last = true, required = true, value_name = "AGENT")]
    command: Vec<OsString>,
}

impl With {
    pub(super) fn run(self) -> Exit {
        let Some((agent, args)) = self.command.split_first() else {
            return exit::usage_text("no agent is named");
        };
        let name = Path::new(agent).file_name().and_then(OsStr::to_str);
        let name = name.filter(|name| AGENTS.contains(name));
        let Some(kind) = name.and_then(agents::named) else {
            let text = format!("`with` can start {}", AGENTS.join(", "));
            return exit::usage_text(&text);
        };
        let Some(folders) = Folders::find() else {
            return exit::cannot_run(&std::io::Error::other("there is no home folder"));
        };
        let program = match program::own_path() {
            Ok(program) => program,
            Err(error) => return exit::cannot_run(&error),
        };
        let found = Found::of(&[Target::Agent(kind)], &folders);
        if !found.errors.is_empty() {
            for error in &found.errors {
                complain(Safe::new(&app::chain(error)).as_str());
            }
            return Exit::Invalid;
        }
        let servers = Servers::of(kind, &found, &folders, self.proxy, &program);
        for note in &servers.notes {
            complain(&app::legible(note));
        }
        let launch = match Launch::of(kind.name, agent, args, &servers, &folders) {
            Ok(launch) => launch,
            Err(error) => return exit::cannot_run(&error),
        };
        complain(&format!(
            "stands before {} of {}; `fanout` in another window shows their calls, on 9",
            crate::model::plural(servers.wrapped_count(), "server"),
            kind.title
        ));
        launch.run()
    }
}
