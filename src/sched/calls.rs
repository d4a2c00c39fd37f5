//! The records of all calls of the run.
//!
//! Owns how many of them have not ended: a call ends through [`Calls::end`]
//! only, and once. A call that was withdrawn leaves an empty place.

use std::ops::{Index, IndexMut};

use super::call_record::{CallRecord, CallStage};
use crate::model::{CallId, Outcome};

/// Records by call id.
#[derive(Debug, Default)]
pub(super) struct Calls {
    records: Vec<CallRecord>,
    /// Number of records that have not ended.
    open: usize,
}

impl Calls {
    /// Number of places.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Number of calls that have not ended.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Whether no call stands in this place.
    pub(super) fn is_absent(&self, id: CallId) -> bool {
        self.get(id).is_none_or(|record| record.is_absent)
    }

    /// Adds a call in a place where none stands. Places before it that were
    /// never used stay empty.
    pub(super) fn insert(&mut self, id: CallId, record: CallRecord) {
        debug_assert!(self.is_absent(id) && !record.is_ended());
        let places = self.records.len().max(id.index() + 1);
        self.records.resize_with(places, CallRecord::absent);
        self[id] = record;
        self.open += 1;
    }

    /// Empties the place of a call that holds nothing.
    pub(super) fn remove(&mut self, id: CallId) {
        let record = std::mem::replace(&mut self[id], CallRecord::absent());
        self.open -= usize::from(!record.is_ended());
    }

    /// Returns a call's record, if there is such a call.
    pub(super) fn get(&self, id: CallId) -> Option<&CallRecord> {
        self.records.get(id.index())
    }

    /// Returns a call's record to change it, if there is such a call.
    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut CallRecord> {
        self.records.get_mut(id.index())
    }

    /// Returns whether there is such a call and it waits.
    pub(super) fn is_waiting(&self, id: CallId) -> bool {
        self.get(id).is_some_and(CallRecord::is_waiting)
    }

    /// Every call with its record.
    pub(super) fn iter(&self) -> impl Iterator<Item = (CallId, &CallRecord)> {
        let records = self.records.iter().enumerate();
        records.map(|(index, record)| (CallId::from_index(index), record))
    }

    /// Ids of the calls from this index on.
    pub(super) fn ids_from(&self, index: usize) -> impl Iterator<Item = CallId> + use<> {
        (index..self.records.len()).map(CallId::from_index)
    }

    /// Ends a call, once and for all.
    pub(super) fn end(&mut self, id: CallId, outcome: Outcome) {
        let record = &mut self.records[id.index()];
        debug_assert!(!record.is_ended(), "{id} ends twice");
        record.stage = CallStage::Ended(outcome);
        self.open -= 1;
    }
}

impl Index<CallId> for Calls {
    type Output = CallRecord;

    fn index(&self, id: CallId) -> &CallRecord {
        &self.records[id.index()]
    }
}

impl IndexMut<CallId> for Calls {
    fn index_mut(&mut self, id: CallId) -> &mut CallRecord {
        &mut self.records[id.index()]
    }
}
