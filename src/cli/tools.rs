//! `fanout tools`: the catalogue as a list.

use std::io::{self, Write};

use clap::Args;
use serde_json::{Value, json};

use super::exit::{self, Exit};
use super::options::CatalogueOptions;
use crate::catalogue::Catalogue;
use crate::model::{Action, Tool};
use crate::output::Safe;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout tools
  fanout tools --catalogue fanout.toml --json")]
pub(super) struct Tools {
    #[command(flatten)]
    catalogue: CatalogueOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Tools {
    pub(super) fn run(self) -> Exit {
        let catalogue = match self.catalogue.load() {
            Ok(catalogue) => catalogue,
            Err(exit) => return exit,
        };
        let out = io::stdout().lock();
        let written = if self.json {
            exit::print_json(&as_json(&catalogue), out)
        } else {
            print(&catalogue, out)
        };
        exit::written(written)
    }
}

fn print(catalogue: &Catalogue, mut out: impl Write) -> io::Result<()> {
    let width = catalogue
        .tools()
        .map(|tool| tool.name.as_str().chars().count())
        .max()
        .unwrap_or_default();
    for tool in catalogue.tools() {
        let name = Safe::new(tool.name.as_str());
        let summary = tool.description.lines().next().unwrap_or_default();
        writeln!(
            out,
            "{:width$}  {}",
            name.as_str(),
            Safe::new(summary).as_str()
        )?;
    }
    Ok(())
}

fn as_json(catalogue: &Catalogue) -> Value {
    let tools: Vec<Value> = catalogue.tools().map(tool_json).collect();
    json!({ "version": 1, "tools": tools })
}

fn tool_json(tool: &Tool) -> Value {
    let command = match &tool.action {
        Action::Command { argv, .. } => Some(argv),
        Action::Mcp { .. } | Action::Wait { .. } => None,
    };
    json!({
        "name": tool.name,
        "description": tool.description,
        "command": command,
        "input_schema": tool.input_schema,
        "annotations": tool.annotations,
        "output": tool.output,
        "max_parallel": tool.max_parallel,
        "locks": { "write": tool.write_locks, "read": tool.read_locks },
        "origin": tool.origin,
    })
}
