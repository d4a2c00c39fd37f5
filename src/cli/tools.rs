//! `fanout tools`: the catalogue as a list.

use std::io::{self, Write};

use clap::Args;
use serde_json::{Value, json};

use super::exit::{self, Exit};
use super::options::{AnswerOptions, CatalogueOptions, ProtocolOption};
use crate::app::{Connected, OpenError, RunEnvironment, Untrusted};
use crate::catalogue::{Catalogue, Elsewhere};
use crate::model::{ServerName, Tool, ToolAction};
use crate::output::Safe;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout tools
  fanout tools --catalogue fanout.toml --json")]
pub(super) struct Tools {
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    protocol: ProtocolOption,
    /// Start the servers, and list their tools too
    #[arg(long)]
    connect: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Tools {
    pub(super) fn run(self) -> Exit {
        let catalogue = self.catalogue.load(Untrusted::End);
        let connected = catalogue.and_then(|catalogue| self.connected(&catalogue));
        let Connected { catalogue, errors } = match connected {
            Ok(connected) => connected,
            Err(error) => return exit::not_opened(error),
        };
        let out = io::stdout().lock();
        let written = if self.json {
            exit::print_json(&as_json(&catalogue), out)
        } else {
            print(&catalogue, self.connect, out)
        };
        let whole = if errors.is_empty() {
            Exit::Success
        } else {
            exit::not_opened(OpenError::NotConnected(errors))
        };
        exit::first_failure(exit::written(written), whole)
    }

    /// Returns the catalogue with the tools of its servers, if they are asked
    /// for.
    fn connected(&self, catalogue: &Catalogue) -> Result<Connected, OpenError> {
        let answers = AnswerOptions::default().read()?;
        let catalogue = answers.given_to(self.protocol.applied(catalogue), None)?;
        if !self.connect || catalogue.servers().len() == 0 {
            let errors = Vec::new();
            return Ok(Connected { catalogue, errors });
        }
        let environment = RunEnvironment::prepare(&catalogue)?;
        let servers = catalogue.servers().map(|server| server.name.clone());
        let servers: Vec<ServerName> = servers.collect();
        let connected = environment.connect_each(catalogue, &servers);
        environment.close_servers();
        Ok(connected)
    }
}

fn print(catalogue: &Catalogue, is_connected: bool, mut out: impl Write) -> io::Result<()> {
    let width = catalogue
        .tools()
        .map(|tool| tool.name.as_str().chars().count())
        .max()
        .unwrap_or_default();
    for tool in catalogue.tools() {
        let name = Safe::new(tool.name.as_str());
        let summary = summary(&tool.description);
        writeln!(
            out,
            "{:width$}  {}",
            name.as_str(),
            Safe::new(&summary).as_str()
        )?;
    }
    for server in catalogue.servers() {
        if !catalogue.is_listed(&server.name) {
            let name = &server.name;
            let why = if is_connected {
                "it did not connect"
            } else {
                "not started; --connect lists its tools"
            };
            writeln!(out, "server {name}: {why}")?;
        }
    }
    for tool in catalogue.tools() {
        if let Some(program) = Elsewhere::of_tool(tool) {
            writeln!(out, "{}: {program}", Safe::new(tool.name.as_str()).as_str())?;
        }
    }
    for server in catalogue.servers() {
        if let Some(program) = Elsewhere::of_server(server) {
            writeln!(out, "server {}: {program}", server.name)?;
        }
    }
    for (name, reason) in catalogue.unusable_servers() {
        writeln!(out, "server {name}: not usable: {reason}")?;
    }
    Ok(())
}

/// Longest summary of a tool, in characters.
const LONGEST_SUMMARY: usize = 100;

/// The first sentence of a description, cut where it is long; `--json` has all
/// of it.
fn summary(description: &str) -> String {
    let line = description.lines().find(|line| !line.trim().is_empty());
    let line = line.unwrap_or_default().trim();
    let sentence = line.split_once(". ").map_or(line, |(first, _)| first);
    if sentence.chars().count() <= LONGEST_SUMMARY {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(LONGEST_SUMMARY).collect();
    let words = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!("{words}…")
}

fn as_json(catalogue: &Catalogue) -> Value {
    let tools: Vec<Value> = catalogue.tools().map(tool_json).collect();
    let servers = catalogue.servers().map(|server| {
        json!({
            "name": server.name,
            "is_connected": catalogue.is_listed(&server.name),
            "origin": server.origin,
            "warning": Elsewhere::of_server(server).map(|it| it.to_string()),
            "unusable": null,
        })
    });
    let unusable = catalogue.unusable_servers().iter();
    let unusable = unusable.map(|(name, reason)| {
        json!({ "name": name, "is_connected": false, "origin": null, "unusable": reason })
    });
    let servers: Vec<Value> = servers.chain(unusable).collect();
    json!({ "version": 1, "tools": tools, "servers": servers })
}

fn tool_json(tool: &Tool) -> Value {
    let command = match &tool.action {
        ToolAction::Command { argv, .. } => Some(argv),
        ToolAction::Mcp { .. } | ToolAction::Http { .. } | ToolAction::Wait { .. } => None,
    };
    let http = match &tool.action {
        ToolAction::Http { request } => Some(json!({
            "method": request.method.word(),
            "url": request.url,
        })),
        ToolAction::Command { .. } | ToolAction::Mcp { .. } | ToolAction::Wait { .. } => None,
    };
    json!({
        "name": tool.name,
        "description": tool.description,
        "command": command,
        "http": http,
        "warning": Elsewhere::of_tool(tool).map(|it| it.to_string()),
        "input_schema": tool.input_schema,
        "annotations": tool.annotations,
        "access": tool.access(),
        "output_schema": tool.output_schema(),
        "output": tool.output,
        "max_parallel": tool.max_parallel,
        "locks": { "write": tool.write_locks, "read": tool.read_locks },
        "origin": tool.origin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_short_sentence() {
        assert_eq!(summary("\nCounts words. Also lines.\nMore"), "Counts words");
        assert_eq!(summary("Reads a.b and c"), "Reads a.b and c");
        let long = summary(&"word ".repeat(80));
        assert!(long.ends_with("word…") && long.chars().count() <= LONGEST_SUMMARY + 1);
        assert_eq!(summary(""), "");
    }
}
