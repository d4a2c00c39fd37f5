//! The sample tools: one for whatever the screen can show, run by the hidden
//! subcommand `fanout sample-tool NAME`, so that the demo needs nothing but
//! the binary.
//!
//! Each tool is an ordinary program behind its own process: it owns its
//! arguments and its three streams, and must not know that fanout started it
//! beyond the variables `FANOUT_RUN_DIR` and `FANOUT_ATTEMPT`. Anything that
//! lasts has an end of its own, so that a tool left behind by accident goes
//! away.

mod arguments;
mod compute;
mod corpus;
mod error;
mod failing;
mod files;
mod notebook;
mod place;
mod processes;
mod searching;
mod voice;
mod waiting;

use std::io::{Read, Write};

pub use arguments::Arguments;
pub use error::SampleToolError;

/// The tools of the sample tool server, as it lists them, in JSON.
pub const SERVER_TOOLS: &str = notebook::TOOLS;

/// The three streams of a tool.
pub struct Streams<'a> {
    /// Where `--stdin` reads the arguments from, as one JSON object.
    pub stdin: &'a mut dyn Read,
    /// Where results go.
    pub stdout: &'a mut dyn Write,
    /// Where remarks and errors go.
    pub stderr: &'a mut dyn Write,
}

/// What a tool comes back with: its exit code.
type Exit = Result<u8, SampleToolError>;

/// One sample tool.
struct SampleTool {
    name: &'static str,
    /// The arguments that may stand after `--` without their names, in order.
    positional: &'static [&'static str],
    run: fn(&mut Arguments, &mut Streams<'_>) -> Exit,
}

const fn tool(
    name: &'static str,
    positional: &'static [&'static str],
    run: fn(&mut Arguments, &mut Streams<'_>) -> Exit,
) -> SampleTool {
    SampleTool {
        name,
        positional,
        run,
    }
}

/// Every sample tool. The manifest names those that plans may call, and the
/// tool server; the rest are the children that some of them start.
const TOOLS: &[SampleTool] = &[
    tool("fetch", &["url"], waiting::fetch),
    tool("sleep", &[], waiting::sleep),
    tool("hang", &[], waiting::hang),
    tool("stubborn", &[], waiting::stubborn),
    tool("burn", &[], compute::burn),
    tool("allocate", &[], compute::allocate),
    tool("corpus", &["path"], corpus::corpus),
    tool("word-count", &["path"], files::word_count),
    tool("hash", &["path"], files::hash),
    tool("read-file", &["path"], files::read_file),
    tool("append", &["path", "text"], files::append),
    tool("add", &["path"], files::add),
    tool("search", &["pattern", "path"], searching::search),
    tool("echo", &["text"], voice::echo),
    tool("complain", &["text"], voice::complain),
    tool("progress", &[], voice::progress),
    tool("chatter", &[], voice::chatter),
    tool("flood", &[], voice::flood),
    tool("fail", &["message"], failing::fail),
    tool("flaky", &[], failing::flaky),
    tool("tree", &[], processes::tree),
    tool("daemonise", &[], processes::daemonise),
    tool("hold-stdout", &[], processes::hold_stdout),
    tool("sleeper", &[], processes::sleeper),
    tool("notebook", &[], notebook::serve),
];

/// Names of all sample tools, in the order of the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    TOOLS.iter().map(|tool| tool.name)
}

/// Runs the tool `name` with the words that followed it on the command line:
/// `--key value` or `--key=value` pairs, then `--` and values by position; or
/// only `--stdin`, to read the arguments as one JSON object.
///
/// Gives the exit code: the tool's own, 1 if it could not do its work, 2 if
/// its arguments do not fit. What went wrong stands on `stderr`.
pub fn run(name: &str, words: &[String], streams: &mut Streams<'_>) -> u8 {
    let exit = start(name, words, streams);
    let flushed = streams.stdout.flush();
    match exit.and_then(|code| flushed.map(|()| code).map_err(SampleToolError::Output)) {
        Ok(code) => code,
        Err(error) => {
            // Where standard error is gone too, the exit code says it alone.
            let _ = writeln!(streams.stderr, "{name}: {error}");
            error.exit_code()
        }
    }
}

fn start(name: &str, words: &[String], streams: &mut Streams<'_>) -> Exit {
    let tool = TOOLS
        .iter()
        .find(|tool| tool.name == name)
        .ok_or_else(|| SampleToolError::UnknownTool(name.to_owned()))?;
    let mut arguments = Arguments::read(words, tool.positional, streams.stdin)?;
    (tool.run)(&mut arguments, streams)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a tool on empty standard input; gives its code, output and errors.
    pub(super) fn outcome(name: &str, words: &[&str]) -> (u8, String, String) {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut streams = Streams {
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
        };
        let code = run(name, &words, &mut streams);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("tools print UTF-8");
        (code, text(stdout), text(stderr))
    }

    #[test]
    fn bad_arguments_are_usage_errors_that_say_what_is_wrong() {
        assert_eq!(
            outcome("wish", &[]),
            (2, String::new(), "wish: no such sample tool\n".to_owned())
        );
        let (code, _, said) = outcome("echo", &["--txet", "a", "--text", "b"]);
        assert_eq!(code, 2);
        assert_eq!(said, "echo: unknown argument: txet\n");
        let (code, _, said) = outcome("burn", &["--cores", "many"]);
        assert_eq!(
            (code, said.as_str()),
            (2, "burn: cores must be a whole number\n")
        );
        let (code, _, said) = outcome("hash", &[]);
        assert_eq!((code, said.as_str()), (2, "hash: path is missing\n"));
    }

    #[test]
    fn no_two_tools_share_a_name() {
        let mut seen: Vec<_> = names().collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), TOOLS.len());
    }
}
