//! Calls that come together: one batch.

use std::time::Duration;

/// Time in which calls that come together are one batch.
const TOGETHER: Duration = Duration::from_millis(50);

/// The batch that new calls belong to.
#[derive(Debug, Default)]
pub(super) struct Batch {
    number: u64,
    began: Duration,
}

impl Batch {
    /// Returns the number of the batch of a call that comes now. `is_idle` says
    /// that no other call of the agent is open here.
    pub(super) fn of_new_call(&mut self, now: Duration, is_idle: bool) -> Option<u64> {
        if is_idle {
            self.number += 1;
            self.began = now;
        }
        (now <= self.began + TOGETHER).then_some(self.number)
    }
}
