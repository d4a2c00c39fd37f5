//! The record the scheduler keeps of each call.

use super::demand::DemandNo;
use super::moment::Moment;
use super::timeouts::TimeoutsNo;
use crate::model::{CallId, Outcome};

/// Where a call stands, as the scheduler sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallStage {
    /// A parent, its locks or its start time are still to come.
    Waiting,
    /// It starts as soon as what it needs is free.
    Ready,
    /// Another attempt is due at `not_before`.
    Backoff,
    /// An attempt holds this lane.
    Active {
        /// Index of the lane.
        lane: u32,
    },
    /// It has ended.
    Ended(Outcome),
}

/// One call. A run may have a million of them: keep it small.
#[derive(Debug, Clone)]
pub(super) struct CallRecord {
    pub stage: CallStage,
    /// Whether there is no such call: it was never queued, or was withdrawn.
    /// Its stage is then one that has ended.
    pub is_absent: bool,
    /// How its last attempt ended, where another was to follow.
    pub last: Option<Outcome>,
    /// Whether its locks are named by outputs and not known yet.
    pub is_lock_pending: bool,
    /// Parents that have not ended, and one more while its locks are unknown.
    pub pending: u32,
    /// Higher starts first.
    pub priority: i32,
    /// Number of extra attempts after a failure or timeout.
    pub retries: u32,
    /// Attempts started so far.
    pub attempts: u32,
    /// Interned limits on its times.
    pub timeouts: TimeoutsNo,
    /// Interned demand.
    pub demand: DemandNo,
    /// Number of its group; 0 for calls without one.
    pub group: u32,
    /// The call whose end made this one be skipped.
    pub culprit: Option<CallId>,
    /// Starts of others while it was the first that did not fit.
    pub overtaken: u32,
    /// Above 0 where a user asked for it to be next; the latest is highest.
    pub pin: u32,
    /// Nanoseconds of the expected run time, or of what counts for it.
    pub estimate: u64,
    /// Nanoseconds of the longest chain from its start on.
    pub rank: u64,
    /// Its start time, later the end of its backoff.
    pub not_before: Moment,
    /// When it joined the run: not before its start time.
    pub joined_at: Moment,
    /// When it became ready for its first start.
    pub ready_at: Moment,
    /// Its entry among the timers.
    pub due: Moment,
}

impl CallRecord {
    /// The record in the place of a call that is not here.
    pub(super) fn absent() -> Self {
        Self {
            stage: CallStage::Ended(Outcome::Skipped),
            is_absent: true,
            last: None,
            is_lock_pending: false,
            pending: 0,
            priority: 0,
            retries: 0,
            attempts: 0,
            timeouts: TimeoutsNo::default(),
            demand: DemandNo::default(),
            group: 0,
            culprit: None,
            overtaken: 0,
            pin: 0,
            estimate: 0,
            rank: 0,
            not_before: Moment::START,
            joined_at: Moment::START,
            ready_at: Moment::NEVER,
            due: Moment::NEVER,
        }
    }

    /// Whether it waits for a start, its first or another.
    pub(super) fn is_waiting(&self) -> bool {
        !matches!(self.stage, CallStage::Active { .. } | CallStage::Ended(_))
    }

    /// Whether it has ended.
    pub(super) fn is_ended(&self) -> bool {
        matches!(self.stage, CallStage::Ended(_))
    }
}
