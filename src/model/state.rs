//! Where a call stands between being asked for and having ended.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AttemptNo, Epoch, LaneId, Outcome};

/// Where a call stands. Times count from the run's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// Waits for its first start.
    Queued,
    /// Waits for another attempt; holds no lane and no lock.
    Retrying {
        /// The attempt that ended.
        after: AttemptNo,
        /// When the next attempt may start.
        at: Duration,
    },
    /// A start was ordered; no process is known yet.
    Starting {
        /// Its lane.
        lane: LaneId,
        /// Identity of the start.
        epoch: Epoch,
    },
    /// Its process runs.
    Running {
        /// Its lane.
        lane: LaneId,
        /// Identity of the start.
        epoch: Epoch,
    },
    /// A stop was ordered; its tree is not yet known to be gone.
    Stopping {
        /// Its lane.
        lane: LaneId,
        /// Identity of the start.
        epoch: Epoch,
        /// The step of the stop ladder.
        step: StopStep,
        /// Origin of the stop.
        cause: StopCause,
    },
    /// It ended.
    Ended(Outcome),
}

impl CallState {
    /// Whether it waits for a start.
    pub fn is_waiting(&self) -> bool {
        matches!(self, Self::Queued | Self::Retrying { .. })
    }

    /// The lane it holds.
    pub fn lane(&self) -> Option<LaneId> {
        match self {
            Self::Starting { lane, .. }
            | Self::Running { lane, .. }
            | Self::Stopping { lane, .. } => Some(*lane),
            Self::Queued | Self::Retrying { .. } | Self::Ended(_) => None,
        }
    }

    /// The word shown beside its glyph.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Retrying { .. } => "retrying",
            Self::Starting { .. } => "starting",
            Self::Running { .. } => "running",
            Self::Stopping { .. } => "stopping",
            Self::Ended(outcome) => outcome.word(),
        }
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

/// A step of the stop ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopStep {
    /// SIGTERM was ordered; SIGKILL follows at `hard_at`.
    Soft {
        /// When SIGKILL is ordered.
        hard_at: Duration,
    },
    /// SIGKILL was ordered; waiting until the tree is known to be gone.
    Hard,
}

/// Origin of a stop. A stronger cause is never overwritten by a weaker one: the
/// order here matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopCause {
    /// No output for the idle timeout.
    IdleTimeout,
    /// Longer than the run timeout.
    RunTimeout,
    /// The user cancelled it.
    User,
    /// The run is being ended.
    Shutdown,
}
