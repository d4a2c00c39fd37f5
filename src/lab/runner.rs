//! The two sides of an experiment that others implement: the runner of its
//! plan, and its observer.

use std::time::Duration;

use super::sweep::SweepRun;
use super::{Experiment, Trial};
use crate::model::{Cap, Plan, Snapshot};

/// Runs plans, one after another. The implementor knows how calls are run; an
/// experiment knows only the result.
pub trait PlanRunner {
    /// Runs a plan once, from nothing, at a cap. The observer gets the run's
    /// snapshots and warnings.
    ///
    /// # Errors
    ///
    /// The run was stopped, or could not be done.
    fn run(
        &mut self,
        plan: &Plan,
        cap: Cap,
        observer: &mut dyn Observer,
    ) -> Result<Trial, ExperimentError>;
}

/// Follows an experiment. Each method does nothing by default.
pub trait Observer {
    /// The next run is about to start.
    fn run_starting(&mut self, _progress: &ExperimentProgress) {}

    /// The run under way has published a snapshot.
    fn run_changed(&mut self, _run: &Snapshot) {}

    /// A run of a sweep has ended and counts.
    fn run_counted(&mut self, _run: &SweepRun) {}

    /// The experiment has another state or other findings.
    fn updated(&mut self, _experiment: &Experiment) {}

    /// Something happened that is no reason to stop. Untrusted text.
    fn warned(&mut self, _text: &str) {}
}

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
