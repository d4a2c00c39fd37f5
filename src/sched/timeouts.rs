//! The limits on time of calls, interned: most calls have the same.

use std::collections::BTreeMap;

use crate::model::Timeouts;

/// Number of interned limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TimeoutsNo(u32);

/// The limits of the run.
#[derive(Debug, Default)]
pub(super) struct TimeoutTable {
    numbers: BTreeMap<Timeouts, TimeoutsNo>,
    limits: Vec<Timeouts>,
}

impl TimeoutTable {
    /// Numbers limits.
    pub(super) fn intern(&mut self, limits: Timeouts) -> TimeoutsNo {
        let next = TimeoutsNo(self.limits.len() as u32);
        let number = *self.numbers.entry(limits).or_insert(next);
        if number == next {
            self.limits.push(limits);
        }
        number
    }

    pub(super) fn get(&self, number: TimeoutsNo) -> &Timeouts {
        &self.limits[number.0 as usize]
    }
}
