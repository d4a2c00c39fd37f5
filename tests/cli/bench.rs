//! The program under test, in a folder of its own whose processes can be
//! counted.

use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::living::{Living, MARKER};

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A folder to run the program in. Dropped, it kills what still lives there.
pub(crate) struct Bench {
    living: Living,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            living: Living::new(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.living.folder()
    }

    /// Writes a file of this name; gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, text).expect("a file of the test");
        path
    }

    /// The program with these words, to be started.
    pub(crate) fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fanout"));
        command
            .args(words)
            .current_dir(self.folder())
            .env(MARKER, self.living.marker())
            .env_remove("RUST_BACKTRACE")
            .env("XDG_CONFIG_HOME", self.folder().join("config"))
            .env("XDG_STATE_HOME", self.folder().join("state"))
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("CLICOLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Answer {
        let command = self.command(words);
        let mut command = assert_cmd::Command::from_std(command);
        let output = command.timeout(PATIENCE).output().expect("it can be run");
        Answer::of(output)
    }

    /// The same in another environment.
    pub(crate) fn run_with(&self, environment: &[(&str, &str)], words: &[&str]) -> Answer {
        let mut command = self.command(words);
        command.envs(environment.iter().copied());
        let mut command = assert_cmd::Command::from_std(command);
        let output = command.timeout(PATIENCE).output().expect("it can be run");
        Answer::of(output)
    }

    /// Starts the program and leaves it running.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).spawn().expect("it can be started")
    }

    /// The same in another environment.
    pub(crate) fn start_with(&self, environment: &[(&str, &str)], words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.envs(environment.iter().copied());
        command.spawn().expect("it can be started")
    }

    /// Fails unless every process of the test is gone in time.
    pub(crate) fn assert_nobody_is_left(&self) {
        self.living.wait_for_count(0, PATIENCE);
    }

    /// Waits until a file of this name has a line; gives the line.
    pub(crate) fn wait_for_line(&self, name: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = std::fs::read_to_string(self.folder().join(name)).unwrap_or_default();
            if let Some((line, _)) = text.split_once('\n') {
                return line.to_owned();
            }
            assert!(Instant::now() < deadline, "no line in {name}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Fails unless it ended with this code.
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Standard output as lines of JSON.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }
}
