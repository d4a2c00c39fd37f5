//! Why an attempt could not be started, told apart.

use std::path::PathBuf;

use rustix::io::Errno;

use crate::model::{Ending, Outcome};

/// A start that did not come about. The text is the call's reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing to run.
    #[error("the command is empty")]
    EmptyCommand,
    /// The program is in no folder of `PATH`, or not where it was said to be.
    #[error("program not found: {0}")]
    ProgramMissing(String),
    /// The file is there but may not be executed, or is no program.
    #[error("program is not executable: {program} ({why})")]
    NotExecutable {
        /// As it was looked up.
        program: String,
        /// What stands against it.
        why: &'static str,
    },
    /// The program is a script whose interpreter is missing.
    #[error("the interpreter of the program is missing: {0}")]
    InterpreterMissing(String),
    /// The working directory is missing, is no directory, or is closed to us.
    #[error("working directory {why}: {}", folder.display())]
    FolderUnusable {
        /// The working directory.
        folder: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// One argument, or all of them and the environment together, are longer
    /// than the system takes.
    #[error("the argument list is too long: {bytes} bytes, the longest argument {longest}")]
    TooLong {
        /// Bytes of all arguments and the environment.
        bytes: usize,
        /// Bytes of the longest argument.
        longest: usize,
    },
    /// A NUL byte would cut the text short.
    #[error("a NUL byte in {place}")]
    Nul {
        /// Which text holds it, such as `argument 2`.
        place: String,
    },
    /// The system was short of processes, memory or descriptors, also after
    /// waiting for a while.
    #[error("could not start after {tries} tries: {what} ({errno})")]
    Exhausted {
        /// What it was short of.
        what: &'static str,
        /// The system's answer.
        errno: Errno,
        /// Tries made.
        tries: u32,
    },
    /// Any other answer of the system.
    #[error("could not start ({stage}): {errno}")]
    System {
        /// What was being done.
        stage: &'static str,
        /// The system's answer.
        errno: Errno,
    },
    /// A stop came first.
    #[error("stopped before it started")]
    Stopped,
}

impl Refusal {
    /// Whether another attempt can be worth it.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Exhausted { .. } | Self::System { .. } | Self::Stopped
        )
    }

    /// The end of an attempt that came to nothing.
    pub fn into_ending(self) -> Ending {
        let is_retryable = self.is_passing();
        Ending {
            is_retryable,
            reason: Some(self.to_string()),
            ..Ending::plain(Outcome::Failed)
        }
    }
}

/// What the system is short of, if the answer means that it may be so for a
/// moment only.
pub(super) fn shortage(errno: Errno) -> Option<&'static str> {
    match errno {
        Errno::AGAIN => Some("too many processes"),
        Errno::NOMEM => Some("out of memory"),
        Errno::MFILE | Errno::NFILE => Some("too many open files"),
        _ => None,
    }
}
