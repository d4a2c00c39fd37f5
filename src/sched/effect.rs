//! Effects of a step: everything that is to be done, in the imperative.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AttemptNo, CallId, CapStep, Epoch, LaneId, Outcome};

/// The effects of one step, in the order in which they are to be done.
pub type Effects = Vec<Effect>;

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Resolve the locks of this call: its parents have ended. Nothing starts
    /// in this step, nor in those that bring such answers, until all are there.
    /// Any other input lets calls start: they overtake the ones whose locks
    /// take long to resolve.
    ResolveLocks {
        /// The call.
        id: CallId,
    },
    /// Start an attempt.
    Start {
        /// The call.
        id: CallId,
        /// The lane it takes.
        lane: LaneId,
        /// Identity of this start.
        epoch: Epoch,
        /// Which try.
        attempt: AttemptNo,
    },
    /// Stop an attempt.
    Stop {
        /// The call.
        id: CallId,
        /// Identity of the start.
        epoch: Epoch,
        /// How.
        signal: StopSignal,
    },
    /// An attempt is over and another will follow; news, nothing to do.
    Retry {
        /// The call.
        id: CallId,
        /// The attempt that is over.
        after: AttemptNo,
        /// How it ended.
        outcome: Outcome,
        /// Not before this time.
        at: Duration,
    },
    /// The automatic cap took a step; news, nothing to do.
    StepCap(CapStep),
    /// A call has ended, once and for all; news, nothing to do.
    Finished {
        /// The call.
        id: CallId,
        /// How.
        outcome: Outcome,
        /// Why.
        reason: Reason,
    },
}

/// A signal of the stop ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopSignal {
    /// SIGTERM.
    Soft,
    /// SIGKILL.
    Hard,
}

/// Why a call ended as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// By itself: the ending of its last attempt tells more.
    Ending,
    /// A call it needs, or under the `stop` policy any call, did not succeed.
    Culprit {
        /// The first call of that chain, which was not itself skipped.
        call: CallId,
    },
    /// It ran longer than this.
    RunTimeout {
        /// The limit.
        limit: Duration,
    },
    /// It printed nothing for this long.
    IdleTimeout {
        /// The limit.
        limit: Duration,
    },
    /// It was ready for this long without starting.
    QueueTimeout {
        /// The limit.
        limit: Duration,
    },
    /// The user cancelled it.
    User,
    /// The run was being ended.
    Shutdown,
    /// The run was being drained.
    Drain,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ending => write!(f, "ended by itself"),
            Self::Culprit { call } => write!(f, "{call} did not succeed"),
            Self::RunTimeout { limit } => write!(f, "ran longer than {limit:?}"),
            Self::IdleTimeout { limit } => write!(f, "no output for {limit:?}"),
            Self::QueueTimeout { limit } => write!(f, "ready for {limit:?} without a start"),
            Self::User => write!(f, "cancelled by the user"),
            Self::Shutdown => write!(f, "the run was ended"),
            Self::Drain => write!(f, "the run was drained"),
        }
    }
}
