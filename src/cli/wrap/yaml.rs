//! Agents whose files are YAML, in which nothing is edited here: they get the
//! lines to be put there by hand.

use std::path::{Path, PathBuf};

use super::agents::Folders;

/// An agent with a file in YAML.
struct YamlAgent {
    name: &'static str,
    title: &'static str,
    file: &'static str,
    /// Keys of the program and of its arguments.
    keys: [&'static str; 2],
}

const AGENTS: [YamlAgent; 2] = [
    YamlAgent {
        name: "continue",
        title: "Continue",
        file: ".continue/config.yaml",
        keys: ["command", "args"],
    },
    YamlAgent {
        name: "goose",
        title: "Goose",
        file: ".config/goose/config.yaml",
        keys: ["cmd", "args"],
    },
];

/// Returns whether a word names such an agent or file.
pub(super) fn is_one(word: &str) -> bool {
    let ends = [".yaml", ".yml"].iter().any(|end| word.ends_with(end));
    ends || AGENTS.iter().any(|agent| agent.name == word)
}

/// Returns the lines for the agents that were named, or that are here where
/// nobody was.
pub(super) fn snippets(words: &[String], folders: &Folders, program: &Path) -> Vec<String> {
    let path = |agent: &YamlAgent| -> PathBuf { folders.home.join(agent.file) };
    let is_meant = |agent: &&YamlAgent| {
        let is_named = |word: &String| {
            word == agent.name || std::path::absolute(word).is_ok_and(|it| it == path(agent))
        };
        (words.is_empty() && path(agent).exists()) || words.iter().any(is_named)
    };
    let mut lines = Vec::new();
    for agent in AGENTS.iter().filter(is_meant) {
        let [command, args] = agent.keys;
        lines.push(format!(
            "{}  {} is YAML, which is not edited here; by hand, for each server:",
            agent.title,
            folders.shown(&path(agent))
        ));
        let program = serde_json::Value::from(program.display().to_string());
        lines.push(format!("    {command}: {program}"));
        lines.push(format!(
            "    {args}: [mcp, --name, NAME, --, COMMAND, ARGUMENTS...]"
        ));
    }
    lines
}
