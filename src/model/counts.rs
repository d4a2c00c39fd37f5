//! Counts that the screens and reports show.

use serde::{Deserialize, Serialize};

use super::{CallState, Outcome};

/// A number of bytes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// How many calls are in each state; their sum is the number of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the state of the same name")]
pub struct CallCounts {
    pub queued: usize,
    pub retrying: usize,
    pub starting: usize,
    pub running: usize,
    pub stopping: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub timed_out: usize,
    pub cancelled: usize,
    pub skipped: usize,
    pub leaked: usize,
    pub unconfirmed: usize,
    pub lost: usize,
}

impl CallCounts {
    /// The counter a state belongs to.
    pub fn slot(&mut self, state: &CallState) -> &mut usize {
        match state {
            CallState::Queued => &mut self.queued,
            CallState::Retrying { .. } => &mut self.retrying,
            CallState::Starting { .. } => &mut self.starting,
            CallState::Running { .. } => &mut self.running,
            CallState::Stopping { .. } => &mut self.stopping,
            CallState::Ended(outcome) => match outcome {
                Outcome::Succeeded | Outcome::Answered => &mut self.succeeded,
                Outcome::Failed | Outcome::ServerDied => &mut self.failed,
                Outcome::TimedOut => &mut self.timed_out,
                Outcome::Cancelled
                | Outcome::AgentCancelled
                | Outcome::AgentLeft
                | Outcome::GivenUp => &mut self.cancelled,
                Outcome::Skipped => &mut self.skipped,
                Outcome::Leaked => &mut self.leaked,
                Outcome::Unconfirmed => &mut self.unconfirmed,
                Outcome::Lost => &mut self.lost,
            },
        }
    }

    /// Calls that ended in this way.
    pub fn ended_as(&self, outcome: Outcome) -> usize {
        let mut counts = *self;
        *counts.slot(&CallState::Ended(outcome))
    }

    /// Calls that hold a lane: starting, running or stopping.
    pub fn busy(&self) -> usize {
        self.starting + self.running + self.stopping
    }

    /// Calls that have ended, whatever their outcome.
    pub fn ended(&self) -> usize {
        self.succeeded
            + self.failed
            + self.timed_out
            + self.cancelled
            + self.skipped
            + self.leaked
            + self.unconfirmed
            + self.lost
    }

    /// Calls that have not ended.
    pub fn open(&self) -> usize {
        self.queued + self.retrying + self.busy()
    }
}
