//! The keys of a line, in order.
//!
//! Calls mostly become ready in the order in which they start: those are
//! appended to a run and taken from its front, without a tree. Calls that
//! follow each other in the plan with the same score share one entry of it, so
//! that a batch of independent calls takes no memory here. What comes out of
//! order or was moved stands in a tree beside the run. A key that leaves from
//! within the run is only marked, and is passed over once it comes to the front.

use std::collections::{BTreeSet, VecDeque};

use super::sub_queue::{SortKey, default_position};
use crate::model::CallId;

/// Calls that follow each other in the plan, unmoved and with the same score;
/// never empty.
#[derive(Debug, Clone, Copy)]
struct KeyRange {
    score: i64,
    first: CallId,
    count: u32,
}

impl KeyRange {
    /// The key at an offset below the count.
    fn key(&self, offset: u32) -> SortKey {
        let id = CallId::from_index(self.first.index() + offset as usize);
        SortKey {
            score: self.score,
            position: default_position(id),
            id,
        }
    }

    fn first(&self) -> SortKey {
        self.key(0)
    }

    fn last(&self) -> SortKey {
        self.key(self.count - 1)
    }

    /// Whether a key is the one that follows.
    fn is_next(&self, key: SortKey) -> bool {
        key == self.key(self.count)
    }
}

/// A set of keys; the smallest first.
#[derive(Debug, Default)]
pub(super) struct SortKeySet {
    /// Ascending. Its first key is never one of `removed`.
    run: VecDeque<KeyRange>,
    /// How many keys the run has, those of `removed` among them.
    run_len: usize,
    /// Keys that came after greater ones, and those of moved calls.
    out_of_order: BTreeSet<SortKey>,
    /// Keys of the run that have left.
    removed: BTreeSet<SortKey>,
}

impl SortKeySet {
    /// A set of one.
    pub(super) fn of(first: SortKey) -> Self {
        let mut keys = Self::default();
        keys.insert(first);
        keys
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.run_len - self.removed.len() + self.out_of_order.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.run.is_empty() && self.out_of_order.is_empty()
    }

    /// The smallest.
    pub(super) fn first(&self) -> Option<SortKey> {
        let run = self.run.front().map(KeyRange::first);
        match (run, self.out_of_order.first().copied()) {
            (Some(run), Some(out_of_order)) => Some(run.min(out_of_order)),
            (run, out_of_order) => run.or(out_of_order),
        }
    }

    /// Adds a key that is not there.
    pub(super) fn insert(&mut self, key: SortKey) {
        let back = self.run.back_mut();
        let is_behind = back.as_ref().is_none_or(|back| key > back.last());
        if !is_behind || key.position != default_position(key.id) {
            // One that left comes back to where it still stands.
            if !self.removed.remove(&key) {
                self.out_of_order.insert(key);
            }
            return;
        }
        match back {
            Some(back) if back.is_next(key) => back.count += 1,
            _ => self.run.push_back(KeyRange {
                score: key.score,
                first: key.id,
                count: 1,
            }),
        }
        self.run_len += 1;
    }

    /// Takes the smallest.
    pub(super) fn pop_first(&mut self) {
        let run = self.run.front().map(KeyRange::first);
        if run.is_some() && run == self.first() {
            self.pop_run();
            self.skip_removed();
        } else {
            self.out_of_order.pop_first();
        }
    }

    /// Takes any. Returns whether it was there.
    pub(super) fn remove(&mut self, key: &SortKey) -> bool {
        if self.out_of_order.remove(key) {
            return true;
        }
        let was_there = self.is_in_run(*key) && self.removed.insert(*key);
        self.skip_removed();
        was_there
    }

    /// All of them, in no order that matters.
    pub(super) fn iter(&self) -> impl Iterator<Item = SortKey> {
        let ranges = self.run.iter();
        let run = ranges.flat_map(|range| (0..range.count).map(|at| range.key(at)));
        let run = run.filter(|key| !self.removed.contains(key));
        run.chain(self.out_of_order.iter().copied())
    }

    fn is_in_run(&self, key: SortKey) -> bool {
        let at = self.run.partition_point(|range| range.last() < key);
        let is_within = |range: &KeyRange| range.first() <= key;
        key.position == default_position(key.id) && self.run.get(at).is_some_and(is_within)
    }

    /// Takes the first key of the run.
    fn pop_run(&mut self) {
        let Some(front) = self.run.front_mut() else {
            return;
        };
        self.run_len -= 1;
        front.count -= 1;
        if front.count == 0 {
            self.run.pop_front();
        } else {
            front.first = front.key(1).id;
        }
    }

    /// Drops keys that have left from the front of the run.
    fn skip_removed(&mut self) {
        while !self.removed.is_empty()
            && let Some(front) = self.run.front()
            && self.removed.remove(&front.first())
        {
            self.pop_run();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two scores, so that keys share entries and do not; some were moved.
    fn key(number: usize, is_moved: bool) -> SortKey {
        let id = CallId::from_index(number % 12);
        SortKey {
            score: i64::from(number >= 12),
            position: default_position(id) - i64::from(is_moved),
            id,
        }
    }

    proptest! {
        #[test]
        fn it_is_the_set_that_a_tree_is(steps in prop::collection::vec((0..4_u8, 0..24_usize, prop::bool::weighted(0.2)), 0..200)) {
            let mut keys = SortKeySet::default();
            let mut tree = BTreeSet::new();
            for (what, number, is_moved) in steps {
                let key = key(number, is_moved);
                match what {
                    0 => {
                        keys.pop_first();
                        tree.pop_first();
                    }
                    1 => assert_eq!(keys.remove(&key), tree.remove(&key)),
                    _ if tree.insert(key) => keys.insert(key),
                    _ => {}
                }
                assert_eq!(keys.first(), tree.first().copied());
                assert_eq!(keys.len(), tree.len());
                assert_eq!(keys.is_empty(), tree.is_empty());
                let all: BTreeSet<SortKey> = keys.iter().collect();
                assert_eq!(all, tree);
            }
        }
    }
}
