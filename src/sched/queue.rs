//! Ready calls in the order in which they start.

use std::collections::BTreeSet;

use crate::model::CallId;

/// Place of a ready call: the smallest starts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Class, negated: a higher priority is a smaller number.
    pub class: i64,
    /// Place within the class.
    pub position: i64,
    /// Settles what is left.
    pub id: CallId,
}

/// The ready calls.
#[derive(Debug, Default)]
pub(super) struct Queue {
    places: BTreeSet<Place>,
}

impl Queue {
    /// Adds a call.
    pub(super) fn insert(&mut self, place: Place) {
        self.places.insert(place);
    }

    /// Takes a call out.
    pub(super) fn remove(&mut self, place: Place) {
        self.places.remove(&place);
    }

    /// The calls in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Place> + '_ {
        self.places.iter().copied()
    }
}
