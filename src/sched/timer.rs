//! Every deadline in one ordered set.
//!
//! Each owner has at most one entry, its nearest deadline, and keeps the time
//! of that entry itself, so that an entry can be taken out exactly and the set
//! stays as small as the number of owners.

use std::collections::BTreeSet;

use super::moment::Moment;
use super::tool_table::ToolNo;
use crate::model::CallId;

/// Whose deadline it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimerOwner {
    /// The attempt in a lane: its timeouts and its stop ladder.
    Lane(u32),
    /// A call that waits: its start time, backoff or queue timeout.
    Call(CallId),
    /// A tool whose rate allows another start.
    Tool(ToolNo),
}

/// The deadlines.
#[derive(Debug, Default)]
pub(super) struct Timers {
    entries: BTreeSet<(Moment, TimerOwner)>,
}

impl Timers {
    /// Replaces an owner's entry; `kept` is the time the owner keeps of it.
    pub(super) fn set(&mut self, owner: TimerOwner, kept: &mut Moment, due: Moment) {
        if *kept == due {
            return;
        }
        if kept.is_set() {
            self.entries.remove(&(*kept, owner));
        }
        if due.is_set() {
            self.entries.insert((due, owner));
        }
        *kept = due;
    }

    /// The nearest deadline.
    pub(super) fn next(&self) -> Option<Moment> {
        self.entries.first().map(|(due, _)| *due)
    }

    /// Whose deadline is at or before `now`, the nearest first. The entry
    /// stays until its owner changes it.
    pub(super) fn fired(&self, now: Moment) -> Option<TimerOwner> {
        let (due, owner) = self.entries.first()?;
        (*due <= now).then_some(*owner)
    }

    /// How many deadlines there are.
    #[cfg(debug_assertions)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
