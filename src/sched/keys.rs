//! The keys of a line, in order.
//!
//! Calls mostly become ready in the order in which they start: those are
//! appended to a run and taken from its front, without a tree. What comes out
//! of order stands in a tree beside it. A key that leaves from within the run
//! is only marked, and is passed over once it comes to the front.

use std::collections::{BTreeSet, VecDeque};

use super::line::Key;

/// A set of keys; the smallest first.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Ascending. Its first is never one of `gone`.
    run: VecDeque<Key>,
    /// Keys that came after greater ones.
    late: BTreeSet<Key>,
    /// Keys of the run that have left.
    gone: BTreeSet<Key>,
}

impl Keys {
    /// A set of one.
    pub(super) fn of(first: Key) -> Self {
        Self {
            run: VecDeque::from([first]),
            ..Self::default()
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.run.len() - self.gone.len() + self.late.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.run.is_empty() && self.late.is_empty()
    }

    /// The smallest.
    pub(super) fn first(&self) -> Option<&Key> {
        match (self.run.front(), self.late.first()) {
            (Some(run), Some(late)) => Some(run.min(late)),
            (run, late) => run.or(late),
        }
    }

    /// Adds a key that is not there.
    pub(super) fn insert(&mut self, key: Key) {
        match self.run.back() {
            Some(last) if key <= *last => {
                // One that left comes back to where it still stands.
                if !self.gone.remove(&key) {
                    self.late.insert(key);
                }
            }
            _ => self.run.push_back(key),
        }
    }

    /// Takes the smallest.
    pub(super) fn pop_first(&mut self) {
        let Some(first) = self.first().copied() else {
            return;
        };
        if self.run.front() == Some(&first) {
            self.run.pop_front();
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
        let was_there = self.run.binary_search(key).is_ok() && self.gone.insert(*key);
        self.pass_over();
        was_there
    }

    /// All of them, in no order that matters.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        let run = self.run.iter().filter(|key| !self.gone.contains(key));
        run.chain(&self.late)
    }

    /// Drops keys that have left from the front of the run.
    fn pass_over(&mut self) {
        while !self.gone.is_empty()
            && let Some(front) = self.run.front()
            && self.gone.remove(front)
        {
            self.run.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::CallId;

    fn key(number: usize) -> Key {
        Key {
            score: i64::try_from(number).expect("a small one"),
            position: 0,
            id: CallId::from_index(number),
        }
    }

    proptest! {
        #[test]
        fn it_is_the_set_that_a_tree_is(steps in prop::collection::vec((0..4_u8, 0..24_usize), 0..200)) {
            let mut keys = Keys::default();
            let mut tree = BTreeSet::new();
            for (what, number) in steps {
                match what {
                    0 => {
                        keys.pop_first();
                        tree.pop_first();
                    }
                    1 => assert_eq!(keys.remove(&key(number)), tree.remove(&key(number))),
                    _ if tree.insert(key(number)) => keys.insert(key(number)),
                    _ => {}
                }
                assert_eq!(keys.first(), tree.first());
                assert_eq!(keys.len(), tree.len());
                assert_eq!(keys.is_empty(), tree.is_empty());
                let all: BTreeSet<Key> = keys.iter().copied().collect();
                assert_eq!(all, tree);
            }
        }
    }
}
