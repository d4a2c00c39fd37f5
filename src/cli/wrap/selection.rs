//! The agents, files and servers that `wrap` and `unwrap` are told to look at.

use std::io;

use clap::Args;

use super::agents::{self, Folders};
use super::found::{Found, Target};
use crate::cli::exit::{self, Exit};

/// Agents and servers to look at, and how a change is agreed to.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Names of agents, or files of theirs; all that are found by default
    #[arg(value_name = "AGENT|FILE")]
    pub(super) targets: Vec<String>,
    /// Only servers of this name
    #[arg(long = "server", value_name = "N")]
    servers: Vec<String>,
    /// Show the change and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Write without asking
    #[arg(long)]
    pub(super) yes: bool,
}

impl Selection {
    /// Finds what is selected; the exit where it cannot be.
    pub(super) fn find(&self, folders: &Folders) -> Result<Found, Exit> {
        let targets = Target::all(&self.targets).map_err(|word| {
            let names: Vec<&str> = agents::AGENTS.iter().map(|agent| agent.name).collect();
            let text = format!(
                "no agent is named `{word}`: {}, or a file",
                names.join(", ")
            );
            exit::usage_text(&crate::app::legible(&text))
        })?;
        let found = Found::of(&targets, folders);
        let has = |name: &String| found.tables.iter().any(|it| it.entry(name).is_some());
        if let Some(name) = self.servers.iter().find(|name| !has(name)) {
            let text = format!("no server named `{name}` was found");
            return Err(exit::usage_text(&crate::app::legible(&text)));
        }
        Ok(found)
    }

    pub(super) fn includes(&self, name: &str) -> bool {
        self.servers.is_empty() || self.servers.iter().any(|it| it == name)
    }
}

/// Says that there is nowhere to look.
pub(super) fn no_home() -> Exit {
    exit::cannot_run(&io::Error::other("there is no home folder"))
}
