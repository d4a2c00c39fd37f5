//! Where users put waiting calls by hand.

use std::collections::BTreeMap;

use crate::model::CallId;

/// Position that a user gave to a call; replaces what its sort key would have.
#[derive(Debug, Clone, Copy)]
pub(super) struct ManualPosition {
    pub score: i64,
    pub position: i64,
}

/// The wishes of users about the order.
#[derive(Debug, Default)]
pub(super) struct ManualOrder {
    /// How many times a call was asked to be next.
    pins: u32,
    moved: BTreeMap<CallId, ManualPosition>,
}

impl ManualOrder {
    /// Returns the pin of a call that is to be next; later ones are higher.
    pub(super) fn next_pin(&mut self) -> u32 {
        self.pins += 1;
        self.pins
    }

    /// Returns where a user moved a call.
    pub(super) fn position(&self, id: CallId) -> Option<ManualPosition> {
        self.moved.get(&id).copied()
    }

    /// Moves a call.
    pub(super) fn place(&mut self, id: CallId, position: ManualPosition) {
        self.moved.insert(id, position);
    }

    /// Undoes the move of a call.
    pub(super) fn forget(&mut self, id: CallId) {
        self.moved.remove(&id);
    }

    /// Undoes all moves; pins stay.
    pub(super) fn clear_moves(&mut self) {
        self.moved.clear();
    }
}
