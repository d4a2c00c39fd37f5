//! One list of the calls that wait and of those that have ended.

use std::sync::Arc;

use crate::model::{CallId, Snapshot};

/// The calls that wait, and behind them those that have ended: one list for
/// screens without room for two.
#[derive(Debug, Clone, Default)]
pub(super) struct WaitingAndEnded {
    waiting: Arc<Vec<CallId>>,
    ended: Arc<Vec<CallId>>,
    pub(super) calls: Arc<Vec<CallId>>,
}

impl WaitingAndEnded {
    /// Joins the lists of the run again, if one of them is another.
    pub(super) fn refresh(&mut self, run: &Snapshot) {
        let is_same =
            Arc::ptr_eq(&self.waiting, &run.queue) && Arc::ptr_eq(&self.ended, &run.finished);
        if is_same {
            return;
        }
        self.waiting = Arc::clone(&run.queue);
        self.ended = Arc::clone(&run.finished);
        let calls = run.queue.iter().chain(run.finished.iter());
        self.calls = Arc::new(calls.copied().collect());
    }
}
