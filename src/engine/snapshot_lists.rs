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
    /// Takes calls out of the queue. Most leave from its front: what stands
    /// behind the last of them is not looked at.
    pub(super) fn leave_queue(&mut self, mut departed: Vec<CallId>) {
        if departed.is_empty() {
            return;
        }
        departed.sort_unstable();
        let mut left = departed.len();
        let mut waiting = self.queue.iter();
        let mut queue = Vec::with_capacity(self.queue.len());
        while left > 0
            && let Some(id) = waiting.next()
        {
            if departed.binary_search(id).is_ok() {
                left -= 1;
            } else {
                queue.push(*id);
            }
        }
        if left < departed.len() {
            queue.extend_from_slice(waiting.as_slice());
            self.queue = Arc::new(queue);
        }
    }
}

/// Puts another list in the place of one, where they differ.
pub(super) fn renew<T: PartialEq>(list: &mut Arc<Vec<T>>, now: Vec<T>) {
    if **list != now {
        *list = Arc::new(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_leave_the_queue_wherever_they_stand() {
        let ids = |all: &[usize]| all.iter().map(|it| CallId::from_index(*it)).collect();
        let left = |departed: &[usize]| {
            let mut lists = Lists {
                queue: Arc::new(ids(&[3, 0, 4, 1])),
                ..Lists::default()
            };
            lists.leave_queue(ids(departed));
            lists.queue.iter().map(|id| id.index()).collect::<Vec<_>>()
        };
        assert_eq!(left(&[]), [3, 0, 4, 1]);
        assert_eq!(left(&[0, 3]), [4, 1]);
        assert_eq!(left(&[1]), [3, 0, 4]);
        assert_eq!(left(&[4, 7]), [3, 0, 1], "one that is not there");
    }
}
