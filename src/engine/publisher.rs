//! When a snapshot goes out: at once after a quiet time, then at most thirty a
//! second.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::Snapshot;

/// Least time between two snapshots.
const GAP: Duration = Duration::from_millis(33);

/// Sends snapshots and knows when the next one is due.
#[derive(Debug)]
pub(super) struct Publisher {
    sender: watch::Sender<Arc<Snapshot>>,
    not_before: Instant,
    is_dirty: bool,
}

impl Publisher {
    pub(super) fn new(sender: watch::Sender<Arc<Snapshot>>) -> Self {
        Self {
            sender,
            not_before: Instant::now(),
            is_dirty: true,
        }
    }

    /// Something changed that a snapshot shows.
    pub(super) fn mark(&mut self) {
        self.is_dirty = true;
    }

    /// When the next snapshot is due, if anything changed.
    pub(super) fn due(&self) -> Option<Instant> {
        self.is_dirty.then_some(self.not_before)
    }

    /// Sends a snapshot to whoever looks.
    pub(super) fn publish(&mut self, snapshot: Snapshot) {
        self.is_dirty = false;
        self.not_before = Instant::now() + GAP;
        self.sender.send_replace(Arc::new(snapshot));
    }
}
