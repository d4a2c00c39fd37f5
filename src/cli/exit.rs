//! Exit codes of the contract, and how errors reach a person.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{ExitCode, Termination};

pub(super) use crate::app::diagnostics::{chain, complain};
use crate::app::{Interruption, OpenError};
use crate::catalogue::Problems;
use crate::lab::ExperimentError;
use crate::output::Safe;
use crate::sample_tool::{self, Streams};

/// How the program ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// Every call succeeded, or the command did what it was asked.
    Success,
    /// At least one call did not succeed.
    CallFailed,
    /// The command line is wrong.
    Usage,
    /// A plan, catalogue or transcript is invalid; nothing was started.
    Invalid,
    /// The program cannot run here.
    CannotRun,
    /// Ended by SIGINT.
    Interrupted,
    /// Ended by SIGTERM.
    Terminated,
    /// A sample tool ends with a code of its own.
    Tool(u8),
    /// `mcp` and `with` end with the code of their program.
    Server(u8),
    /// The program starts again in the place of itself, with these words: the
    /// user opened something else on the dashboard.
    Again(Box<[OsString]>),
}

/// Every exit code with its meaning, for a person.
pub(super) const EXIT_CODES: [(&str, &str); 6] = [
    ("0", "every call succeeded, or failed as its `expect` says"),
    ("1", "at least one did not"),
    ("2", "the command line is wrong"),
    ("3", "a plan or catalogue is invalid; nothing was started"),
    ("4", "the program cannot run here"),
    ("130, 143", "ended by SIGINT, SIGTERM"),
];

impl Exit {
    /// The number the operating system sees.
    pub fn code(&self) -> u8 {
        match self {
            Self::Success | Self::Again(_) => 0,
            Self::CallFailed => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::CannotRun => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Tool(code) | Self::Server(code) => *code,
        }
    }
}

impl From<Interruption> for Exit {
    fn from(interruption: Interruption) -> Self {
        match interruption {
            Interruption::Interrupted => Self::Interrupted,
            Interruption::Terminated => Self::Terminated,
            // Calls were cancelled for it.
            Interruption::ReaderGone => Self::CallFailed,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// Starts the program again in the place of itself. Returns only where that
/// cannot be done.
pub(super) fn start_again(words: &[OsString]) -> Exit {
    let own = std::env::current_exe();
    let error = match own {
        Ok(own) => std::process::Command::new(own).args(words).exec(),
        Err(error) => error,
    };
    cannot_run(&error)
}

/// Prints what clap has to say: help and version are no errors.
pub(super) fn usage(error: &clap::Error) -> Exit {
    // A closed stream is no reason to change the exit code.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Success
    }
}

/// Prints a usage error that only the program itself can see.
pub(super) fn usage_text(text: &str) -> Exit {
    complain(text);
    Exit::Usage
}

/// Prints the whole report about invalid files.
pub(super) fn invalid(problems: Problems) -> Exit {
    let report = miette::Report::from(problems);
    let _ = writeln!(io::stderr().lock(), "{report:?}");
    Exit::Invalid
}

/// Prints why an experiment ended before its time. Calls that failed are
/// outcomes; what could not be run at all is not.
pub(super) fn experiment_failed(error: &ExperimentError) -> Exit {
    complain(Safe::new(&error.to_string()).as_str());
    match error {
        ExperimentError::CallFailed { .. } => Exit::CallFailed,
        ExperimentError::RunFailed { .. } => Exit::CannotRun,
        ExperimentError::Stopped => Exit::Interrupted,
    }
}

/// Prints why nothing could be made ready; no call was started.
pub(super) fn not_opened(error: OpenError) -> Exit {
    match error {
        OpenError::Invalid(problems) => invalid(problems),
        OpenError::NotAgreed => Exit::Invalid,
        OpenError::NotConnected(errors) => {
            for error in errors {
                complain(Safe::new(&error.to_string()).as_str());
            }
            Exit::Invalid
        }
        OpenError::CannotRun(error) => cannot_run(&error),
    }
}

/// Prints what is doubtful about files, if anything is.
pub(super) fn warn(warnings: Problems) {
    if !warnings.is_empty() {
        let _ = writeln!(io::stderr().lock(), "{:?}", miette::Report::from(warnings));
    }
}

/// Prints why the program cannot run here.
pub(super) fn cannot_run(reason: &dyn std::error::Error) -> Exit {
    complain(&chain(reason));
    Exit::CannotRun
}

/// Runs one of the sample tools in this process; `words` are its name and its
/// arguments.
pub(super) fn sample_tool(words: &[OsString]) -> Exit {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let Some((name, words)) = words.split_first() else {
        return usage_text("the name of a sample tool is missing");
    };
    let mut streams = Streams {
        stdin: &mut io::stdin().lock(),
        stdout: &mut io::stdout().lock(),
        stderr: &mut io::stderr().lock(),
    };
    Exit::Tool(sample_tool::run(name, words, &mut streams))
}

/// Prints one JSON document.
pub(super) fn print_json(document: &serde_json::Value, mut out: impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, document)?;
    writeln!(out)
}

/// Prints what panicked in the background while the dashboard was on.
pub(super) fn report_panics() {
    for report in crate::tui::terminal::take_panic_reports() {
        complain(&report);
    }
}

/// How printing went; a reader that went away is no failure.
pub(super) fn written(result: io::Result<()>) -> Exit {
    match result {
        Ok(()) => Exit::Success,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Err(error) => {
            complain(&format!("standard output: {error}"));
            Exit::CannotRun
        }
    }
}

/// The first of two exits that is no success.
pub(super) fn first_failure(first: Exit, second: Exit) -> Exit {
    if first == Exit::Success {
        second
    } else {
        first
    }
}
