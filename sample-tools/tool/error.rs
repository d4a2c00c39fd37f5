//! What can keep a sample tool from its work.

use std::io;
use std::path::PathBuf;

/// Why a sample tool could not do its work. A tool that is asked to fail
/// exits with its code instead.
#[derive(Debug, thiserror::Error)]
pub enum SampleToolError {
    /// There is no such tool.
    #[error("no such sample tool")]
    UnknownTool(String),
    /// An argument that the tool does not know.
    #[error("unknown argument: {0}")]
    UnknownArgument(String),
    /// An argument that it needs.
    #[error("{0} is missing")]
    MissingArgument(&'static str),
    /// An argument of the wrong form.
    #[error("{name} must be {expected}")]
    BadArgument {
        /// The argument.
        name: String,
        /// What it takes.
        expected: &'static str,
    },
    /// Standard input does not hold one JSON object.
    #[error("standard input is not a JSON object: {0}")]
    BadStdin(serde_json::Error),
    /// The tools of the tool server are not described as such are.
    #[error("the server's tools are not described as tools are: {0}")]
    BadTools(serde_json::Error),
    /// A `run:` path where no run folder was given.
    #[error("{0} lies in the run's folder, and FANOUT_RUN_DIR is not set")]
    NoRunFolder(String),
    /// A path that the tool would write to, and must not.
    #[error(
        "{}: this tool writes only under the working directory and the run's folder",
        .0.display()
    )]
    Outside(PathBuf),
    /// A file or folder could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A child, a signal or a clock could not be had.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// Nobody takes the output any more.
    #[error("cannot write: {0}")]
    Output(io::Error),
}

impl SampleToolError {
    /// The exit code it ends the tool with: 2 for arguments that do not fit,
    /// else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::UnknownTool(_)
            | Self::UnknownArgument(_)
            | Self::MissingArgument(_)
            | Self::BadArgument { .. }
            | Self::BadStdin(_) => 2,
            Self::BadTools(_)
            | Self::NoRunFolder(_)
            | Self::Outside(_)
            | Self::File { .. }
            | Self::System { .. }
            | Self::Output(_) => 1,
        }
    }

    /// Names the file that an error of the operating system is about.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            path: path.into(),
            source,
        }
    }

    /// Names what was tried when the operating system refused.
    pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
