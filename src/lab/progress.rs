//! The progress of an experiment, and the reason that it ended early.

use std::time::Duration;

use crate::model::Cap;

/// Reason that an experiment ended before its time. Its findings until then
/// stay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExperimentError {
    /// Its user stopped it.
    #[error("stopped")]
    Stopped,
    /// A run could not be done at all.
    #[error("{reason}")]
    RunFailed {
        /// The runner's error and its causes. Untrusted text.
        reason: String,
    },
    /// A call failed where all had to succeed.
    #[error(
        "not every call succeeded at cap {cap}: what fails cannot be timed (`fanout compare` tells more)"
    )]
    CallFailed {
        /// The cap of the run.
        cap: Cap,
    },
}

/// Progress of an experiment before its next run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentProgress {
    /// Purpose of the next run.
    pub step: RunPurpose,
    /// Cap of the next run.
    pub cap: Cap,
    /// Number of runs done.
    pub done: usize,
    /// Number of runs in all, as far as that is known now.
    pub of: usize,
    /// Time that the rest takes, estimated from the runs so far; `None` before
    /// there are any, and where the number of runs is not known.
    pub left: Option<Duration>,
}

/// Purpose of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunPurpose {
    /// It is not counted.
    WarmUp,
    /// It is one of a block, which has one run at each cap.
    Block {
        /// Number of the block, from 1.
        number: usize,
        /// Number of blocks in all.
        of: usize,
    },
    /// It checks whether results differ at the lowest cap, too.
    Confirming,
    /// It looks for the smallest set of calls.
    Reducing,
    /// It tries a remedy.
    Trying,
}
