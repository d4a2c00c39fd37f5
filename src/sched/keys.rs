//! The keys of a line, in order.
//!
//! Calls mostly become ready in the order in which they start: those are
//! appended to a run and taken from its front, without a tree. Calls that
//! follow each other in the plan with the same score share one entry of it, so
//! that a batch of independent calls takes no memory here. What comes out of
//! order or was moved stands in a tree beside the run. A key that leaves from
//! within the run is only marked, and is passed over once it comes to the front.

use std::collections::{BTreeSet, VecDeque};

use super::line::Key;
use super::placing::home;
use crate::model::CallId;

/// Calls that follow each other in the plan, unmoved and with the same score;
/// never empty.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    score: i64,
    first: CallId,
    count: u32,
}

impl Stretch {
    /// The key at an offset below the count.
    fn key(&self, offset: u32) -> Key {
        let id = CallId::from_index(self.first.index() + offset as usize);
        Key {
            score: self.score,
            position: home(id),
            id,
        }
    }

    fn first(&self) -> Key {
        self.key(0)
    }

    fn last(&self) -> Key {
        self.key(self.count - 1)
    }

    /// Whether a key is the one that follows.
    fn is_next(&self, key: Key) -> bool {
        key == self.key(self.count)
    }
}

/// A set of keys; the smallest first.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Ascending. Its first key is never one of `gone`.
    run: VecDeque<Stretch>,
    /// How many keys the run has, those of `gone` among them.
    run_len: usize,
    /// Keys that came after greater ones, and those of moved calls.
    late: BTreeSet<Key>,
    /// Keys of the run that have left.
    gone: BTreeSet<Key>,
}

impl Keys {
    /// A set of one.
    pub(super) fn of(first: Key) -> Self {
        let mut keys = Self::default();
        keys.insert(first);
        keys
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.run_len - self.gone.len() + self.late.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.run.is_empty() && self.late.is_empty()
    }

    /// The smallest.
    pub(super) fn first(&self) -> Option<Key> {
        let run = self.run.front().map(Stretch::first);
        match (run, self.late.first().copied()) {
            (Some(run), Some(late)) => Some(run.min(late)),
            (run, late) => run.or(late),
        }
    }

    /// Adds a key that is not there.
    pub(super) fn insert(&mut self, key: Key) {
        let back = self.run.back_mut();
        let is_behind = back.as_ref().is_none_or(|back| key > back.last());
        if !is_behind || key.position != home(key.id) {
            // One that left comes back to where it still stands.
            if !self.gone.remove(&key) {
                self.late.insert(key);
            }
            return;
        }
        match back {
            Some(back) if back.is_next(key) => back.count += 1,
            _ => self.run.push_back(Stretch {
                score: key.score,
                first: key.id,
                count: 1,
            }),
        }
        self.run_len += 1;
    }

    /// Takes the smallest.
    pub(super) fn pop_first(&mut self) {
        let run = self.run.front().map(Stretch::first);
        if run.is_some() && run == self.first() {
            self.pop_run();
            self.pass_over();
        } else {
            self.late.pop_first();
        }
    }

    /// Takes any. Returns whether it was there.
    pub(super) fn remove(&mut self, key: &Key) -> bool {
        if self.late.remove(key) {
            return true;
        }
        let was_there = self.is_in_run(*key) && self.gone.insert(*key);
        self.pass_over();
        was_there
    }

    /// All of them, in no order that matters.
    pub(super) fn iter(&self) -> impl Iterator<Item = Key> {
        let stretches = self.run.iter();
        let run = stretches.flat_map(|stretch| (0..stretch.count).map(|at| stretch.key(at)));
        let run = run.filter(|key| !self.gone.contains(key));
        run.chain(self.late.iter().copied())
    }

    fn is_in_run(&self, key: Key) -> bool {
        let at = self.run.partition_point(|stretch| stretch.last() < key);
        let is_within = |stretch: &Stretch| stretch.first() <= key;
        key.position == home(key.id) && self.run.get(at).is_some_and(is_within)
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
    fn pass_over(&mut self) {
        while !self.gone.is_empty()
            && let Some(front) = self.run.front()
            && self.gone.remove(&front.first())
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
    fn key(number: usize, is_moved: bool) -> Key {
        let id = CallId::from_index(number % 12);
        Key {
            score: i64::from(number >= 12),
            position: home(id) - i64::from(is_moved),
            id,
        }
    }

    proptest! {
        #[test]
        fn it_is_the_set_that_a_tree_is(steps in prop::collection::vec((0..4_u8, 0..24_usize, prop::bool::weighted(0.2)), 0..200)) {
            let mut keys = Keys::default();
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
                let all: BTreeSet<Key> = keys.iter().collect();
                assert_eq!(all, tree);
            }
        }
    }
}
