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
    /// plan, catalogue, keys, load, exit-codes, or a command
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

/// A part of the reference.
struct Topic {
    name: &'static str,
    text: fn() -> String,
}

const TOPICS: [Topic; 5] = [
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
        name: "load",
        text: || LOAD.to_owned(),
    },
    Topic {
        name: "exit-codes",
        text: exit_codes,
    },
];

const LOAD: &str = "\
fanout load TOOL [KEY=VALUE]... measures a tool, fanout load PLAN a plan's calls in turn.

Closed loop, --cap N: so many callers, each sends its next call when its last has
ended (after --think). Open loop, --rate R: calls start on schedule, --arrivals
uniform or poisson, whatever the ones before do.

Figures of a step:
  calls        those that ended; the warm-up and calls that were stopped are not counted
  calls/s      those per second, from the first call's due time to the last end
  p50 ... max  latency: from when a call should have started to when its outcome is
               known. It should start when its caller is free, or at its time in the
               schedule: a stall of 2 s shows in every call that was due meanwhile.
  service      from a call's start to when its outcome is known
  of which     mean parts of the latency that the catalogue's locks, rates and
               max_parallel made; --ignore-limits lifts all three
  errors       by kind, with the first message of each; throttled is status 429 or
               503, or Retry-After
  in flight    calls that ran at once, mean and most
  cores        CPU of the tool, or of its server; - where it runs elsewhere
  memory       the most that one process tree of it had
  not offered  this machine or fanout started over 1 % of the calls over 10 ms late:
               the figures are not those of the rate
  fanout itself: what fanout needs for a call that does nothing, one after another

Arguments: {{i}} stands for the call's number within its step, from 1, and 0 in a
warm-up. --args-from FILE has one JSON object a line, or is CSV with a header;
rows are taken in turn, stand over KEY=VALUE, and begin again after the last.

Conditions (--budget, --find): p95<200ms p99.9<1s mean<80ms max<2s errors<1%
rate>50/s memory<1GiB. --find doubles the cap (or the rate) and then bisects, to
the highest that keeps the condition; each is measured twice, and the result once
more. Of times it believes only steps with at most 1 % errors. From --caps A,B or
--rates A,B it takes where to begin and the highest to try.

--same runs one lane first and compares outputs for equal arguments, as compare
does: what differs only beside others is a parallel hazard.

Exit codes: 0 also where calls failed; 1 where a budget broke, --find found
nothing, --same found a hazard or --fail-fast ended it; 130 after Ctrl-C, which
prints what is known.
";

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
