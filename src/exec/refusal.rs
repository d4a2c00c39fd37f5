//! Reasons that an attempt could not be started, each with its remedy.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

use super::address_space;
use crate::model::{Ending, Outcome};

/// A start that failed before the program ran. The text is the call's reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The argument list is empty, or its first element is.
    #[error("the command is empty")]
    EmptyCommand,
    /// The program is in no folder of `PATH`, or not at the path given.
    #[error("program not found: {0}")]
    ProgramMissing(String),
    /// The file is there but may not be executed, or is no program.
    #[error("program is not executable: {program} ({why})")]
    NotExecutable {
        /// The program as it was looked up.
        program: String,
        /// The obstacle.
        why: NotExecutable,
    },
    /// Another process has the program open for writing, also after several
    /// tries.
    #[error("program is being written to: {0}; close the file, or wait for its download or build")]
    ProgramBusy(String),
    /// The interpreter of a script, or the loader of a binary, is missing.
    #[error("the interpreter of the program is missing: {program} {needs}")]
    InterpreterMissing {
        /// The program as it was looked up.
        program: String,
        /// The interpreter that it names.
        needs: Interpreter,
    },
    /// The working directory is missing, is no directory, or is closed to us.
    #[error("working directory {why}: {}", folder.display())]
    FolderUnusable {
        /// The working directory.
        folder: PathBuf,
        /// The fault.
        why: FolderFault,
    },
    /// One argument, or all of them and the environment together, exceed the
    /// system's limit.
    #[error(
        "the argument list is too long: {bytes} bytes, the longest argument {longest}; \
         one argument may have 128 KiB, so give long input on standard input (stdin = \"json\")"
    )]
    TooLong {
        /// Bytes of all arguments and the environment.
        bytes: usize,
        /// Bytes of the longest argument.
        longest: usize,
    },
    /// A NUL byte would cut the text short.
    #[error("a NUL byte in {place}")]
    Nul {
        /// The text that holds it, such as `argument 2`.
        place: String,
    },
    /// The system was short of something, also after several tries.
    #[error("could not start after {tries} tries: {what}; lower --cap, or {}", what.remedy())]
    Exhausted {
        /// The resource that was short.
        what: Shortage,
        /// Number of tries.
        tries: u32,
    },
    /// Any other answer of the system.
    #[error("could not start ({}): {}", .0.stage, .0.errno)]
    System(StartFailure),
    /// A stop came first.
    #[error("stopped before it started")]
    Stopped,
}

/// A step of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartStage {
    /// The runner makes the pipes.
    Pipes,
    /// The runner starts a warden.
    Warden,
    /// The warden forks the supervisor.
    Supervisor,
    /// The supervisor starts a process.
    Process,
    /// The process gets its session and its descriptors.
    Setup,
    /// The process enters its working directory.
    Folder,
    /// The process executes the program.
    Program,
}

/// The step of a start that failed, and the system's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartFailure {
    /// The step.
    pub stage: StartStage,
    /// The system's answer.
    pub errno: Errno,
}

/// A resource that the system may be short of for a moment only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// Processes and threads, of the user or of the control group.
    Processes,
    /// Memory.
    Memory,
    /// Open files, of this process or of the machine.
    OpenFiles,
}

/// Reason that a file cannot be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotExecutable {
    /// No execute permission for anybody.
    NoPermission,
    /// No execute permission for this user, on the file or on a folder above.
    Denied,
    /// Its interpreter has no execute permission.
    InterpreterDenied(Interpreter),
    /// Its file system is mounted `noexec`.
    NoexecMount,
    /// A folder, a socket or a device.
    NotRegular,
    /// A chain of symbolic links that never ends.
    LinkLoop,
    /// A binary for another kind of machine.
    OtherMachine,
    /// Neither a binary nor a script with a `#!` line.
    NoFormat,
}

/// Interpreter that the kernel runs for a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interpreter {
    /// Named by the `#!` line of a script.
    Script(String),
    /// Named by a `#!` line that ends with a carriage return.
    ScriptWithCarriageReturn(String),
    /// The loader of a dynamically linked binary.
    Loader,
}

/// Fault of a working directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderFault {
    /// Nothing of that name.
    Missing,
    /// A file.
    NotFolder,
    /// No permission to enter it.
    Denied,
}

impl Refusal {
    /// Whether another attempt can be worth it.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Exhausted { .. } | Self::System { .. } | Self::ProgramBusy(_) | Self::Stopped
        )
    }

    /// Returns the ending of an attempt that started nothing.
    pub fn into_ending(self) -> Ending {
        let is_retryable = self.is_passing();
        Ending {
            is_retryable,
            reason: Some(self.to_string()),
            ..Ending::plain(Outcome::Failed)
        }
    }
}

impl Shortage {
    /// Returns the resource that the system is short of, where its answer means
    /// a shortage that may pass.
    pub(super) fn of(errno: Errno) -> Option<Self> {
        match errno {
            Errno::AGAIN => Some(Self::Processes),
            Errno::NOMEM => Some(Self::Memory),
            Errno::MFILE | Errno::NFILE => Some(Self::OpenFiles),
            _ => None,
        }
    }

    /// Returns the way to more of the resource.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Processes => "raise the limit (ulimit -u, or pids.max of the container)",
            Self::Memory => "raise the limit (ulimit -v, or memory.max of the container)",
            Self::OpenFiles => "raise the limit (ulimit -n)",
        }
    }
}

/// Names the shortage that an error of the system means, and its remedy, to be
/// put behind a message; empty where it means none.
pub fn shortage_advice(error: &io::Error) -> String {
    let errno = Errno::from_io_error(error);
    let shortage = match errno.and_then(Shortage::of) {
        // A thread without room for its stack is refused in the same way.
        Some(Shortage::Processes) if address_space::is_short() => Some(Shortage::Memory),
        other => other,
    };
    shortage.map_or_else(String::new, |it| format!(": {it}; {}", it.remedy()))
}

impl fmt::Display for StartStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pipes => "making pipes",
            Self::Warden => "starting the warden",
            Self::Supervisor => "starting a supervisor",
            Self::Process => "starting a process",
            Self::Setup => "preparing the process",
            Self::Folder => "entering the working directory",
            Self::Program => "executing the program",
        })
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Processes => "too many processes",
            Self::Memory => "out of memory",
            Self::OpenFiles => "too many open files",
        })
    }
}

impl fmt::Display for NotExecutable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPermission => "it has no execute permission; run chmod +x on it",
            Self::Denied => "permission denied to this user",
            Self::InterpreterDenied(interpreter) => {
                return write!(f, "{interpreter}, which this user may not execute");
            }
            Self::NoexecMount => {
                "its file system is mounted noexec; copy it elsewhere, or name its interpreter as the command"
            }
            Self::NotRegular => "not a regular file",
            Self::LinkLoop => "its symbolic links form a loop",
            Self::OtherMachine => "a binary for another kind of machine",
            Self::NoFormat => {
                "neither a binary for this machine nor a script; a script begins with a line such as #!/bin/sh"
            }
        })
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script(name) => write!(f, "begins with #!{name}"),
            Self::ScriptWithCarriageReturn(name) => write!(
                f,
                "begins with #!{name} and a carriage return; save it with Unix line ends"
            ),
            Self::Loader => f.write_str(
                "needs a loader that is not installed; it was built for another system or C library",
            ),
        }
    }
}

impl fmt::Display for FolderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "does not exist",
            Self::NotFolder => "is not a folder",
            Self::Denied => "is closed to this user",
        })
    }
}
