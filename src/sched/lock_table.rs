//! Who holds which lock.
//!
//! Lock names are interned into nodes. A path lock's node knows the node of
//! the folder above it, and each node counts the holders at and below it, so
//! that a conflict anywhere in the hierarchy is seen by walking up once.

use std::collections::BTreeMap;

use crate::model::{LockKey, LockMode, LockSet};

/// Number of an interned lock name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LockNo(pub u32);

/// Locks of one call with their modes.
pub(super) type Claim = Box<[(LockNo, LockMode)]>;

/// Holders by mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Holders {
    shared: u32,
    exclusive: u32,
}

impl Holders {
    fn count(&mut self, mode: LockMode) -> &mut u32 {
        match mode {
            LockMode::Shared => &mut self.shared,
            LockMode::Exclusive => &mut self.exclusive,
        }
    }

    /// Whether one who asks for `mode` has to wait for these.
    fn is_conflict(self, mode: LockMode) -> bool {
        self.exclusive > 0 || (mode == LockMode::Exclusive && self.shared > 0)
    }
}

#[derive(Debug)]
struct Node {
    key: LockKey,
    above: Option<LockNo>,
    own: Holders,
    below: Holders,
}

/// The locks of the run.
#[derive(Debug, Default)]
pub(super) struct LockTable {
    numbers: BTreeMap<LockKey, LockNo>,
    nodes: Vec<Node>,
}

impl LockTable {
    /// Numbers the locks of a call.
    pub(super) fn intern(&mut self, locks: &LockSet) -> Claim {
        locks
            .iter()
            .map(|(key, mode)| (self.number(key), mode))
            .collect()
    }

    fn number(&mut self, key: &LockKey) -> LockNo {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let above = key.above().map(|folder| self.number(&folder));
        let number = LockNo(self.nodes.len() as u32);
        self.nodes.push(Node {
            key: key.clone(),
            above,
            own: Holders::default(),
            below: Holders::default(),
        });
        self.numbers.insert(key.clone(), number);
        number
    }

    /// The name of a lock.
    pub(super) fn key(&self, lock: LockNo) -> &LockKey {
        &self.nodes[lock.0 as usize].key
    }

    fn folders_above(&self, lock: LockNo) -> impl Iterator<Item = &Node> {
        let mut above = self.nodes[lock.0 as usize].above;
        std::iter::from_fn(move || {
            let node = &self.nodes[above?.0 as usize];
            above = node.above;
            Some(node)
        })
    }

    /// Whether a lock could be taken now.
    pub(super) fn is_free(&self, lock: LockNo, mode: LockMode) -> bool {
        let node = &self.nodes[lock.0 as usize];
        !node.own.is_conflict(mode)
            && !node.below.is_conflict(mode)
            && !self
                .folders_above(lock)
                .any(|node| node.own.is_conflict(mode))
    }

    /// The first lock of a claim that cannot be taken now.
    pub(super) fn first_conflict(&self, claim: &Claim) -> Option<(LockNo, LockMode)> {
        let mut locks = claim.iter().copied();
        locks.find(|(lock, mode)| !self.is_free(*lock, *mode))
    }

    /// Whether one lock being held so keeps the other from being taken so.
    pub(super) fn is_conflict(&self, held: (LockNo, LockMode), asked: (LockNo, LockMode)) -> bool {
        (held.1 == LockMode::Exclusive || asked.1 == LockMode::Exclusive)
            && (self.is_at_or_above(held.0, asked.0) || self.is_at_or_above(asked.0, held.0))
    }

    fn is_at_or_above(&self, upper: LockNo, lower: LockNo) -> bool {
        let mut at = Some(lower);
        while let Some(lock) = at {
            if lock == upper {
                return true;
            }
            at = self.nodes[lock.0 as usize].above;
        }
        false
    }

    /// Takes all locks of a claim, which must be free.
    pub(super) fn take(&mut self, claim: &Claim) {
        for (lock, mode) in claim {
            self.count(*lock, *mode, |count| *count += 1);
        }
    }

    /// Gives all locks of a claim back.
    pub(super) fn give_back(&mut self, claim: &Claim) {
        for (lock, mode) in claim {
            self.count(*lock, *mode, |count| *count -= 1);
        }
    }

    fn count(&mut self, lock: LockNo, mode: LockMode, change: impl Fn(&mut u32)) {
        let node = &mut self.nodes[lock.0 as usize];
        change(node.own.count(mode));
        let mut above = node.above;
        while let Some(folder) = above {
            let node = &mut self.nodes[folder.0 as usize];
            change(node.below.count(mode));
            above = node.above;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table_of(names: &[&str]) -> (LockTable, Vec<LockNo>) {
        let mut table = LockTable::default();
        let numbers = names.iter().map(|name| table.number(&LockKey::new(name)));
        let numbers = numbers.collect();
        (table, numbers)
    }

    #[test]
    fn the_tree_agrees_with_the_overlap_of_names() {
        let names = [
            "db",
            "db/x",
            "file:.",
            "file:a",
            "file:a/b",
            "file:ab",
            "file:/",
            "file:/etc/x",
            "file:/etc",
            "file:..",
            "file:../a",
            "file:../../a",
        ];
        let (mut table, numbers) = table_of(&names);
        for (held, held_name) in numbers.iter().zip(names) {
            let claim: Claim = Box::new([(*held, LockMode::Exclusive)]);
            table.take(&claim);
            for (asked, asked_name) in numbers.iter().zip(names) {
                let overlap = LockKey::new(held_name).overlaps(&LockKey::new(asked_name));
                let is_free = table.is_free(*asked, LockMode::Shared);
                assert_eq!(!is_free, overlap, "{held_name} held, {asked_name} asked");
            }
            table.give_back(&claim);
            assert!(
                numbers
                    .iter()
                    .all(|lock| table.is_free(*lock, LockMode::Exclusive))
            );
        }
    }

    #[test]
    fn readers_share_and_writers_do_not() {
        let (mut table, numbers) = table_of(&["file:a", "file:a/b"]);
        let reader: Claim = Box::new([(numbers[1], LockMode::Shared)]);
        table.take(&reader);
        assert!(table.is_free(numbers[0], LockMode::Shared));
        assert!(!table.is_free(numbers[0], LockMode::Exclusive));
        assert!(table.is_free(numbers[1], LockMode::Shared));
    }
}
