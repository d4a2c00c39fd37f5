//! How much each group has had: fair sharing between groups.
//!
//! Each group has a virtual time, the lane time its calls were given, weighted
//! by the cores they claim. The group with the least goes first. A start is
//! charged with the expected run time and corrected at its end. A group that
//! comes back after having had nothing to do starts where the others are, so
//! that it cannot save up (start-time fair queueing: P. Goyal, H. Vin, H. Cheng, 1996).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::moment::nanoseconds;

#[derive(Debug, Clone, Copy, Default)]
struct GroupShare {
    /// Virtual time, in nanoseconds of one lane.
    time: u64,
    /// Its ready and running calls.
    members: u32,
}

/// The groups of the run; group 0 is that of calls without a group.
#[derive(Debug)]
pub(super) struct Shares {
    numbers: BTreeMap<Option<Arc<str>>, u32>,
    all: Vec<GroupShare>,
    /// Virtual time of the group whose call started last.
    clock: u64,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            numbers: BTreeMap::from([(None, 0)]),
            all: vec![GroupShare::default()],
            clock: 0,
        }
    }
}

impl Shares {
    /// The number of a group.
    pub(super) fn number(&mut self, group: Option<&Arc<str>>) -> u32 {
        let Some(group) = group else { return 0 };
        let next = self.all.len() as u32;
        let number = *self.numbers.entry(Some(Arc::clone(group))).or_insert(next);
        if number == next {
            self.all.push(GroupShare::default());
        }
        number
    }

    /// Whether there is more than one.
    pub(super) fn has_groups(&self) -> bool {
        self.all.len() > 1
    }

    /// A group's virtual time.
    pub(super) fn time(&self, group: u32) -> u64 {
        self.all[group as usize].time
    }

    /// A call of the group became ready.
    pub(super) fn join(&mut self, group: u32) {
        let share = &mut self.all[group as usize];
        if share.members == 0 {
            share.time = share.time.max(self.clock);
        }
        share.members += 1;
    }

    /// A ready or running call of the group is so no longer.
    pub(super) fn leave(&mut self, group: u32) {
        self.all[group as usize].members -= 1;
    }

    /// A call starts: charges what it is expected to take.
    pub(super) fn charge(&mut self, group: u32, time: u64) {
        let share = &mut self.all[group as usize];
        self.clock = self.clock.max(share.time);
        share.time = share.time.saturating_add(time);
    }

    /// A call has ended: corrects the charge to what it took.
    pub(super) fn correct(&mut self, group: u32, charged: u64, took: u64) {
        let share = &mut self.all[group as usize];
        share.time = (share.time.saturating_sub(charged)).saturating_add(took);
    }
}

/// Lane time weighted by the cores claimed, where those are more than one.
pub(super) fn weighted(time: Duration, millicores: u64) -> u64 {
    let weight = u128::from(millicores.clamp(1_000, 1_024_000));
    let share = u128::from(nanoseconds(time)) * weight / 1_000;
    u64::try_from(share).unwrap_or(u64::MAX / 2)
}
