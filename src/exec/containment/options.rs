//! Settings of the containment, and the errors of its start.

use std::path::PathBuf;

use crate::exec::refusal::shortage_advice;

/// Settings of the containment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainmentOptions {
    /// Program that becomes the warden: this one, which calls
    /// [`prepare`](crate::exec::prepare) first of all.
    pub program: PathBuf,
    /// State folder. The ledger stands in a folder in it, so that the next
    /// start finds the processes that a death of runner, warden and
    /// supervisors at once left behind.
    pub state: Option<PathBuf>,
    /// Surroundings of what is started.
    pub surroundings: Surroundings,
}

/// Surroundings that a program is started in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Surroundings {
    /// A tool's: the environment and the folder of its launch, the limit on open
    /// files that this program was started with, no core dumps, and the first to
    /// be killed when memory runs out.
    #[default]
    Tool,
    /// This program's own, as it was started: environment, folder, umask, limits.
    /// Of a launch's environment only `PATH` counts, to look the program up.
    Inherited,
}

impl Default for ContainmentOptions {
    fn default() -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            state: None,
            surroundings: Surroundings::Tool,
        }
    }
}

/// Reason that the containment cannot work here.
#[derive(Debug, thiserror::Error)]
pub enum ContainmentError {
    /// The process may not adopt the processes that its calls orphan.
    #[error("this process cannot adopt the orphans of its calls: {0}")]
    Subreaper(rustix::io::Errno),
    /// The limit on address space is too low.
    #[error(
        "the address space is too small: {} MiB are free, {} MiB are needed; raise the limit (ulimit -v)",
        free >> 20, needed >> 20
    )]
    AddressSpace {
        /// Free bytes.
        free: u64,
        /// Bytes that one lane and the runner need.
        needed: u64,
    },
    /// The warden could not be started.
    #[error("the warden cannot be started: {}{}", .0, shortage_advice(.0))]
    Warden(std::io::Error),
}
