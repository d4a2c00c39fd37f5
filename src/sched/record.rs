//! The record the scheduler keeps of each call.

use std::time::Duration;

use super::input::CallSpec;
use super::timer::NEVER;
use crate::model::{CallId, Outcome, Timeouts};

/// Where a call stands, as the scheduler sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// A parent, its locks or its start time are still to come.
    Waiting,
    /// It starts as soon as what it needs is free.
    Ready,
    /// Another attempt is due at this time.
    Backoff {
        /// When.
        at: Duration,
    },
    /// An attempt holds this lane.
    Active {
        /// Index of the lane.
        lane: u32,
    },
    /// It has ended.
    Ended(Outcome),
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub stage: Stage,
    /// Parents that have not ended, and one more while its locks are unknown.
    pub pending: u32,
    pub is_lock_pending: bool,
    pub priority: i32,
    pub retries: u32,
    /// Attempts started so far.
    pub attempts: u32,
    pub start_after: Option<Duration>,
    pub timeouts: Timeouts,
    /// When it became ready for its first start.
    pub ready_at: Option<Duration>,
    /// Its entry among the timers; [`NEVER`] where it has none.
    pub due: Duration,
    /// How its last attempt ended, where another was to follow.
    pub last: Option<Outcome>,
    /// When its backoff is over.
    pub retry_at: Duration,
    /// The call whose end made this one be skipped.
    pub culprit: Option<CallId>,
    /// Place within its priority; moves change it.
    pub position: i64,
    /// Above 0 where a user asked for it to be next; the latest is highest.
    pub pin: i64,
}

/// Distance of neighbouring positions, so that moved calls fit between.
pub(super) const POSITION_GAP: i64 = 1 << 32;

impl Record {
    pub(super) fn new(spec: &CallSpec) -> Self {
        Self {
            stage: Stage::Waiting,
            pending: u32::from(spec.is_lock_pending),
            is_lock_pending: spec.is_lock_pending,
            priority: spec.priority,
            retries: spec.retries,
            attempts: 0,
            start_after: spec.start_after,
            timeouts: spec.timeouts,
            ready_at: None,
            due: NEVER,
            last: None,
            retry_at: Duration::ZERO,
            culprit: None,
            position: i64::from(spec.id.number()) * POSITION_GAP,
            pin: 0,
        }
    }

    /// Whether it waits for a start, its first or another.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(
            self.stage,
            Stage::Waiting | Stage::Ready | Stage::Backoff { .. }
        )
    }
}
