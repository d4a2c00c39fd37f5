//! Holders of locks.
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
pub(super) type LockClaim = Box<[(LockNo, LockMode)]>;

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

    fn strongest(self) -> LockMode {
        if self.exclusive > 0 {
            LockMode::Exclusive
        } else {
            LockMode::Shared
        }
    }

    /// Whether one who asks for `mode` has to wait for these.
    fn is_conflict(self, mode: LockMode) -> bool {
        self.exclusive > 0 || (mode == LockMode::Exclusive && self.shared > 0)
    }
}

/// A lock that cannot be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conflict {
    /// The lock that was asked for.
    pub asked: (LockNo, LockMode),
    /// The lock at which the conflict was seen: that of a holder at or above
    /// it, or itself where a holder stands below it.
    pub at: LockNo,
    /// Exclusive where nobody at all can take a lock at or below `at`.
    pub held: LockMode,
}

#[derive(Debug)]
struct LockNode {
    key: LockKey,
    above: Option<LockNo>,
    own: Holders,
    below: Holders,
}

/// The locks of the run.
#[derive(Debug, Default)]
pub(super) struct LockTable {
    numbers: BTreeMap<LockKey, LockNo>,
    nodes: Vec<LockNode>,
}

impl LockTable {
    /// Numbers the locks of a call.
    pub(super) fn intern(&mut self, locks: &LockSet) -> LockClaim {
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
        self.nodes.push(LockNode {
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

    /// A lock and those of the folders above it.
    pub(super) fn and_folders_above(&self, lock: LockNo) -> impl Iterator<Item = LockNo> {
        std::iter::successors(Some(lock), |lock| self.nodes[lock.0 as usize].above)
    }

    /// Returns the holder's lock that keeps a lock from being taken now.
    fn conflict(&self, lock: LockNo, mode: LockMode) -> Option<Conflict> {
        let conflict = |at, held| {
            Some(Conflict {
                asked: (lock, mode),
                at,
                held,
            })
        };
        for at in self.and_folders_above(lock) {
            let own = self.nodes[at.0 as usize].own;
            if own.is_conflict(mode) {
                return conflict(at, own.strongest());
            }
        }
        let below = self.nodes[lock.0 as usize].below;
        if below.is_conflict(mode) {
            return conflict(lock, LockMode::Shared);
        }
        None
    }

    /// Returns the conflict of the first lock of a claim that is not free.
    pub(super) fn first_conflict(&self, claim: &LockClaim) -> Option<Conflict> {
        let mut locks = claim.iter();
        locks.find_map(|(lock, mode)| self.conflict(*lock, *mode))
    }

    /// Whether one lock being held so keeps the other from being taken so.
    pub(super) fn is_conflict(&self, held: (LockNo, LockMode), asked: (LockNo, LockMode)) -> bool {
        (held.1 == LockMode::Exclusive || asked.1 == LockMode::Exclusive)
            && (self.is_at_or_above(held.0, asked.0) || self.is_at_or_above(asked.0, held.0))
    }

    fn is_at_or_above(&self, upper: LockNo, lower: LockNo) -> bool {
        self.and_folders_above(lower).any(|lock| lock == upper)
    }

    /// Takes all locks of a claim, which must be free.
    pub(super) fn take(&mut self, claim: &LockClaim) {
        for (lock, mode) in claim {
            self.count(*lock, *mode, |count| *count += 1);
        }
    }

    /// Gives all locks of a claim back.
    pub(super) fn release(&mut self, claim: &LockClaim) {
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
            let claim: LockClaim = Box::new([(*held, LockMode::Exclusive)]);
            table.take(&claim);
            for (asked, asked_name) in numbers.iter().zip(names) {
                let overlap = LockKey::new(held_name).overlaps(&LockKey::new(asked_name));
                let is_free = table.conflict(*asked, LockMode::Shared).is_none();
                assert_eq!(!is_free, overlap, "{held_name} held, {asked_name} asked");
            }
            table.release(&claim);
            assert!(
                numbers
                    .iter()
                    .all(|lock| table.conflict(*lock, LockMode::Exclusive).is_none())
            );
        }
    }

    #[test]
    fn readers_share_and_writers_do_not() {
        let (mut table, numbers) = table_of(&["file:a", "file:a/b"]);
        let reader: LockClaim = Box::new([(numbers[1], LockMode::Shared)]);
        table.take(&reader);
        assert_eq!(table.conflict(numbers[0], LockMode::Shared), None);
        assert!(table.conflict(numbers[0], LockMode::Exclusive).is_some());
        assert_eq!(table.conflict(numbers[1], LockMode::Shared), None);
    }
}
