//! `fanout help`: the reference in the terminal, from the tables that make the
//! readers and README's tables; and the help of a command.

use std::fmt::Write as _;
use std::io::{self, Write};

use clap::{Args, Command};

use super::exit::{self, EXIT_CODES, Exit};
use crate::catalogue::keys::Key;
use crate::catalogue::manifest_keys::{server_keys, server_tool_keys, tool_keys};
use crate::catalogue::text::nearest;
use crate::plan::keys::{call_keys, plan_keys};
use crate::tui::keymap::{self, Keymap};

/// Columns of the text.
const WIDTH: usize = 78;

/// Column in which the meaning of a key stands.
const INDENT: usize = 6;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout help plan            the keys of a plan, with examples
  fanout help exit-codes
  fanout help run             the options of a command")]
pub(super) struct Help {
    /// plan, catalogue, keys, exit-codes, or a command
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

/// A part of the reference.
struct Topic {
    name: &'static str,
    text: fn() -> String,
}

const TOPICS: [Topic; 4] = [
    Topic {
        name: "plan",
        text: plan,
    },
    Topic {
        name: "catalogue",
        text: catalogue,
    },
    Topic {
        name: "keys",
        text: || keymap::listing(&Keymap::standard()),
    },
    Topic {
        name: "exit-codes",
        text: exit_codes,
    },
];

impl Help {
    /// Prints a topic, or the help of a command.
    pub(super) fn run(self, mut program: Command) -> Exit {
        program.build();
        if let [word] = self.words.as_slice()
            && let Some(topic) = TOPICS.iter().find(|it| it.name == *word)
        {
            return exit::written(io::stdout().lock().write_all((topic.text)().as_bytes()));
        }
        let mut command = &mut program;
        for word in &self.words {
            let commands = command.get_subcommands().map(Command::get_name);
            let known = commands.chain(TOPICS.iter().map(|it| it.name));
            let near = nearest(word, known).map(str::to_owned);
            match command.find_subcommand_mut(word) {
                Some(found) => command = found,
                None => return unknown(word, near.as_deref()),
            }
        }
        exit::written(command.print_long_help())
    }
}

fn unknown(word: &str, near: Option<&str>) -> Exit {
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let topics = TOPICS.map(|it| it.name).join(", ");
    exit::usage_text(&format!(
        "there is no help on `{word}`{near} The topics are {topics}, and every command."
    ))
}

fn plan() -> String {
    let mut text = String::from(
        "A plan is a set of calls, in TOML or in JSON of the same shape:\n\n\
         \x20 name = \"count and report\"\n\
         \x20 [[call]]\n\
         \x20 id = \"count\"\n\
         \x20 tool = \"word-count\"\n\
         \x20 args = { path = \"README.md\" }\n\
         \x20 [[call]]\n\
         \x20 tool = \"echo\"\n\
         \x20 args = { text = \"{{count.output.words}} words\" }   # waits for count\n",
    );
    section("Keys of a plan", &plan_keys(), &mut text);
    section("Keys of a call", &call_keys(), &mut text);
    text
}

fn catalogue() -> String {
    let mut text = String::from(
        "A catalogue says which tools there are and how they are called:\n\n\
         \x20 [[tool]]\n\
         \x20 name = \"line-count\"\n\
         \x20 command = [\"wc\", \"-l\", \"--\", \"{{path}}\"]\n\
         \x20 [mcp.memory]\n\
         \x20 command = [\"server-memory\"]     # tools appear as memory.NAME\n\n\
         The files of Claude Code, VS Code, Cursor, Codex and others are read as well.\n",
    );
    section("Keys of a tool", &tool_keys(), &mut text);
    section("Keys of an MCP server", &server_keys(), &mut text);
    section(
        "Keys of one tool of a server",
        &server_tool_keys(),
        &mut text,
    );
    text
}

fn exit_codes() -> String {
    let mut text = String::new();
    for (code, meaning) in EXIT_CODES {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{code:<9} {meaning}");
    }
    text
}

/// Adds keys under a heading: name and example, then the meaning below.
fn section(heading: &str, keys: &[Key], text: &mut String) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{heading}:");
    for key in keys {
        let must = if key.is_required { " (required)" } else { "" };
        let _ = writeln!(text, "\n  {} = {}{must}", key.name, key.example);
        let meaning = key.meaning().replace('`', "");
        for line in wrapped(&meaning, WIDTH - INDENT) {
            let _ = writeln!(text, "{:INDENT$}{line}", "");
        }
    }
}

/// Breaks a text between its words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().filter(|line| {
            line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width
        });
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_a_text_that_fits_the_terminal() {
        for topic in TOPICS.iter().filter(|it| it.name != "keys") {
            let text = (topic.text)();
            assert!(text.lines().count() > 3, "{}", topic.name);
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{}: {line}", topic.name);
            }
        }
        let text = plan();
        for key in call_keys() {
            assert!(
                text.contains(&format!("\n  {} = ", key.name)),
                "{}",
                key.name
            );
        }
    }

    #[test]
    fn readme_has_the_exit_codes() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let readme = std::fs::read_to_string(path).expect("README.md");
        for (code, meaning) in EXIT_CODES {
            assert!(
                readme.contains(&format!("| {code} | {meaning} |")),
                "{code}"
            );
        }
    }
}
