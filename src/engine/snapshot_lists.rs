//! The lists of a snapshot that are not rows.

use std::sync::Arc;
use std::time::Instant;

use crate::model::{CallId, OverlapHazard};

/// Waiting calls whose reasons are found out after every step, and their order
/// for every snapshot; of more, both less often.
pub(super) const FEW: usize = 256;

/// The lists of the last snapshot; the same ones go out again where nothing in
/// them has changed.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Not before this time the queue of many calls is put in order again.
    pub(super) queue_due: Option<Instant>,
    pub(super) lanes: Arc<Vec<Option<CallId>>>,
    pub(super) queue: Arc<Vec<CallId>>,
    /// Ended calls so far when `finished` was made.
    pub(super) finished_count: usize,
    pub(super) finished: Arc<Vec<CallId>>,
    pub(super) hazards: Arc<Vec<OverlapHazard>>,
}

impl Lists {
    /// Takes calls out of the queue.
    pub(super) fn leave_queue(&mut self, mut departed: Vec<CallId>) {
        if departed.is_empty() {
            return;
        }
        departed.sort_unstable();
        let has_left = |id: &CallId| departed.binary_search(id).is_ok();
        Arc::make_mut(&mut self.queue).retain(|id| !has_left(id));
    }
}

/// Puts another list in the place of one, where they differ.
pub(super) fn renew<T: PartialEq>(list: &mut Arc<Vec<T>>, now: Vec<T>) {
    if **list != now {
        *list = Arc::new(now);
    }
}
