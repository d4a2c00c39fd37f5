//! Settings that a shim is started with, and why it cannot be.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::exec::ContainmentError;
use crate::exec::proxy::frames::OnLost;
use crate::model::Cap;

/// Settings that a shim is started with.
#[derive(Debug, Clone, Default)]
pub struct ShimOptions {
    /// The server's command.
    pub argv: Vec<String>,
    /// Name of the server; the program's by default.
    pub name: Option<String>,
    /// Meeting folder in place of the usual ones.
    pub via: Option<PathBuf>,
    /// File to record to; `{time}` and `{pid}` are filled in.
    pub record: Option<PathBuf>,
    /// Key of the server's lock; by default one that follows from its command.
    pub lock: Option<String>,
    /// The agent's limit on a call.
    pub limit: Option<Duration>,
    /// Whether locks bind while no dashboard decides.
    pub is_governed: bool,
    /// Most calls at the server at once, while no dashboard decides.
    pub cap: Option<Cap>,
    /// Whether nobody may control.
    pub is_watch_only: bool,
    /// Treatment of waiting calls when a controller is lost.
    pub on_lost: OnLost,
    /// Tools that run beside others whatever they do.
    pub parallel: BTreeSet<String>,
}

/// Reason that a shim ended without an exit code of the server's.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// Nothing can be contained here.
    #[error(transparent)]
    Containment(#[from] ContainmentError),
    /// The server was not started. The code is the one of a shell: 127 where there
    /// is no such program, else 126.
    #[error("{reason}")]
    NotStarted {
        /// Exit code.
        code: u8,
        /// The reason.
        reason: String,
    },
    /// The shim's own streams or its loop failed.
    #[error("the proxy cannot run: {0}")]
    Runtime(io::Error),
}

impl ShimError {
    /// Returns the exit code, as a shell would give it.
    pub fn code(&self) -> u8 {
        match self {
            Self::NotStarted { code, .. } => *code,
            Self::Containment(_) | Self::Runtime(_) => 126,
        }
    }
}
