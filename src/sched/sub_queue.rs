//! Sub-queues: ready calls of one class and group with the same demand, and the
//! keys by which they are ordered.
//!
//! Whatever holds the first call of a sub-queue back holds back all of it, so
//! only the first is ever looked at.

use super::demand::ServiceNo;
use super::lock_table::LockNo;
use super::tool_table::ToolNo;
use crate::model::CallId;

/// Place of a ready call within its class and group: the smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    /// Nanoseconds: when it became ready less its rank, so that each second
    /// of waiting counts as much as a second of the chain behind it.
    pub score: i64,
    /// Place in the plan; moves change it.
    pub position: i64,
    /// Settles what is left.
    pub id: CallId,
}

impl SortKey {
    /// Before all others.
    pub(super) const FIRST: Self = Self {
        score: i64::MIN,
        position: i64::MIN,
        id: CallId::MIN,
    };
    /// After all others.
    pub(super) const LAST: Self = Self {
        score: i64::MAX,
        position: i64::MAX,
        id: CallId::MAX,
    };
}

/// Distance of neighbouring positions, so that moved calls fit between.
pub(super) const POSITION_GAP: i64 = 1 << 32;

/// Position of a call that no one has moved.
pub(super) fn default_position(id: CallId) -> i64 {
    i64::from(id.number()).saturating_mul(POSITION_GAP)
}

/// A class and, within it, a group: the calls of one flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FairnessKey {
    /// The smallest first: pinned calls, then priorities from the highest.
    pub class: i64,
    pub group: u32,
}

impl FairnessKey {
    /// Before all others.
    pub(super) const FIRST: Self = Self {
        class: i64::MIN,
        group: 0,
    };
}

/// Number of a sub-queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SubQueueNo(pub u32);

/// Resource that holds a sub-queue back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    /// Holders of this lock.
    Lock(LockNo),
    /// Calls of this tool: as many run as may.
    Tool(ToolNo),
    /// The rate of this tool.
    Rate(ToolNo),
    /// Claimed memory.
    Memory,
    /// Claimed cores.
    Cores,
    /// The share of this service, under the automatic cap.
    Service(ServiceNo),
    /// Room for what it is expected to need of the cores, under the automatic cap.
    Share,
    /// Room for the memory it is expected to have, under the automatic cap.
    Room,
    /// Free resources that are reserved for another call.
    Reservation,
}

impl Resource {
    /// Returns whether a call held back by it gets a reservation. A rate opens
    /// with time alone, and only calls of a service wait for its share; a
    /// reservation is not made for those they hold back.
    pub(super) fn is_reservable(self) -> bool {
        !matches!(self, Self::Rate(_) | Self::Service(_) | Self::Reservation)
    }
}

/// State of a sub-queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParkState {
    /// Its first call may fit.
    Open {
        /// It was woken because this became free, ahead of others that wait
        /// for the same.
        woken_by: Option<Resource>,
    },
    /// It waits for this.
    Parked(Resource),
}
