//! Servers of Claude Code. Its own file is written by each of its running
//! sessions, so that it is changed through `claude mcp`, except for entries that
//! hold values: these must not stand in a command line.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::catalogue::document::{KeyValue, Node};

/// Longest that one `claude mcp` may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Pause between two looks at whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Most bytes of what it says that are read.
const MOST_SAID: u64 = 64 << 10;

/// One change that `claude mcp` makes.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: String,
    /// `local` or `user`.
    pub(super) scope: &'static str,
    /// The entry that is there; `None` where none is.
    pub(super) before: Option<Value>,
    /// The entry that will be there; `None` where it is removed.
    pub(super) after: Option<Value>,
}

/// Reason why `claude mcp` has not made a change.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error("`claude mcp {verb}` cannot be started: {source}")]
    NotStarted {
        verb: &'static str,
        source: std::io::Error,
    },
    #[error("`claude mcp {verb}` did not succeed: {said}")]
    Failed { verb: &'static str, said: String },
    #[error("`claude mcp {verb}` did not end in {} s", PATIENCE.as_secs())]
    NoEnd { verb: &'static str },
}

/// Returns Claude Code's program, if it is on `PATH`.
pub(super) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("claude"));
    found.find(|path| path.is_file())
}

impl Step {
    /// Returns the commands that make the change, as they would be typed.
    pub(super) fn shown(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.before.is_some() {
            let words = self.removal();
            lines.push(format!("claude {}", shell_words::join(words)));
        }
        if let Some(after) = &self.after {
            let words = self.addition(after);
            lines.push(format!("claude {}", shell_words::join(words)));
        }
        lines
    }

    /// Makes the change. Where the new entry is not taken, the old one is put
    /// back.
    pub(super) fn run(&self, claude: &Path, project: &Path) -> Result<(), StepError> {
        let run = |verb, words: &[String]| run(claude, project, verb, words);
        if self.before.is_some() {
            run("remove", &self.removal())?;
        }
        let Some(after) = &self.after else {
            return Ok(());
        };
        let added = run("add-json", &self.addition(after));
        if added.is_err()
            && let Some(before) = &self.before
        {
            run("add-json", &self.addition(before))?;
        }
        added
    }

    fn removal(&self) -> Vec<String> {
        let words = ["mcp", "remove", "-s", self.scope, "--", &self.name];
        words.map(str::to_owned).to_vec()
    }

    fn addition(&self, entry: &Value) -> Vec<String> {
        let json = entry.to_string();
        let words = ["mcp", "add-json", "-s", self.scope, "--", &self.name, &json];
        words.map(str::to_owned).to_vec()
    }
}

fn run(
    claude: &Path,
    project: &Path,
    verb: &'static str,
    words: &[impl AsRef<OsStr>],
) -> Result<(), StepError> {
    let not_started = |source| StepError::NotStarted { verb, source };
    let mut child = Command::new(claude)
        .args(words)
        .current_dir(project)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_started)?;
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().map_err(not_started)? {
            Some(status) => break status,
            None if Instant::now() < deadline => std::thread::sleep(PAUSE),
            None => {
                let _gone = child.kill();
                let _gone = child.wait();
                return Err(StepError::NoEnd { verb });
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        let _partly = stderr.take(MOST_SAID).read_to_end(&mut said);
    }
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    Err(StepError::Failed { verb, said })
}

/// Returns a JSON text with an entry added at the end of a table, which is made
/// if it is missing; `None` where something else stands in its place.
pub(super) fn inserted(
    text: &str,
    root: &Node,
    table: &[String],
    name: &str,
    entry: &Value,
) -> Option<String> {
    let keys: Vec<&str> = table.iter().map(String::as_str).chain([name]).collect();
    let mut node = root;
    let mut missing = keys.as_slice();
    while let Some((key, rest)) = missing.split_first() {
        let Some(inner) = node.get(key) else { break };
        (node, missing) = (inner, rest);
    }
    let (key, rest) = missing.split_first()?;
    let nested = |inner: Value, key: &&str| serde_json::json!({ *key: inner });
    let value = rest.iter().rev().fold(entry.clone(), nested);
    add_key(text, node, key, &value)
}

fn add_key(text: &str, table: &Node, key: &str, value: &Value) -> Option<String> {
    let key = Value::from(key);
    let (at, new) = match table.as_table()?.last() {
        Some(last) => {
            let at = last.node.span.end;
            match indent_of(text, last) {
                Some(indent) => {
                    let value = serde_json::to_string_pretty(value).ok()?;
                    let returns = if text.contains("\r\n") { "\r\n" } else { "\n" };
                    let lines = format!(",\n{key}: {value}");
                    (at, lines.replace('\n', &format!("{returns}{indent}")))
                }
                None => (at, format!(", {key}: {value}")),
            }
        }
        None => (table.span.start + 1, format!("{key}: {value}")),
    };
    let mut text = text.to_owned();
    text.insert_str(at, &new);
    Some(text)
}

/// Returns the white space before a key that begins its line.
fn indent_of<'t>(text: &'t str, entry: &KeyValue) -> Option<&'t str> {
    let before = text.get(..entry.key_span.start)?;
    let line = before.rfind('\n')? + 1;
    let indent = before.get(line..)?;
    indent.trim().is_empty().then_some(indent)
}
