//! The errors of the room.

use std::io;
use std::path::PathBuf;

use crate::catalogue::Problems;
use crate::output::ExportError;
use crate::{exec, lab};

/// Reason that the program cannot run here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("calls cannot be contained here")]
    Containment(#[from] exec::ContainmentError),
    #[error("the runtime cannot be started{}", exec::shortage_advice(.0))]
    Runtime(#[source] io::Error),
    #[error("the folder of the run cannot be made at {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the current folder is unknown")]
    CurrentFolder(#[source] io::Error),
    #[error("the own program file is unknown")]
    OwnProgram(#[source] io::Error),
    #[error("the probe cannot be started{}", exec::shortage_advice(.0))]
    Probe(#[source] io::Error),
    #[error("the program cannot be suspended")]
    Suspend(#[source] io::Error),
    #[error("the record of the run cannot be made")]
    Record(#[source] ExportError),
    #[error("the record of the run is incomplete")]
    RecordIncomplete(#[source] io::Error),
    #[error("the report is missing")]
    Report(#[source] ExportError),
    #[error("signals cannot be listened to")]
    Signals(#[source] io::Error),
    #[error("the thread of the experiments cannot be started{}", exec::shortage_advice(.0))]
    ExperimentThread(#[source] io::Error),
    #[error("a server could not be started: {0}")]
    Server(#[from] exec::StartError),
    #[error("the engine died")]
    EngineDied(#[source] tokio::task::JoinError),
    #[error(transparent)]
    Unbalanced(#[from] lab::Imbalance),
}

/// Reason that a plan, its catalogue or its servers could not be made ready.
/// No call was started.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// The plan or the catalogue is invalid.
    Invalid(Problems),
    /// The user was asked about a file or a tool, or would have been asked on
    /// a terminal, and did not agree. Everything about it was said.
    NotAgreed,
    /// Servers that are needed did not start.
    NotConnected(Vec<exec::StartError>),
    /// The program cannot run here.
    CannotRun(SessionError),
}

impl From<Problems> for OpenError {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<SessionError> for OpenError {
    fn from(error: SessionError) -> Self {
        Self::CannotRun(error)
    }
}
