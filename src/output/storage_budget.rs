//! Memory and disk in use, against the bounds that all calls share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Bounds;

/// Counters of memory and disk. Owns no output itself.
#[derive(Debug)]
pub(super) struct StorageBudget {
    pub(super) bounds: Bounds,
    memory: AtomicU64,
    disk: AtomicU64,
    problem: Mutex<Option<String>>,
}

impl StorageBudget {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            memory: AtomicU64::new(0),
            disk: AtomicU64::new(0),
            problem: Mutex::new(None),
        }
    }

    /// Corrects the memory in use by the difference of one buffer.
    pub(super) fn adjust_memory(&self, before: usize, after: usize) {
        if after >= before {
            self.memory
                .fetch_add((after - before) as u64, Ordering::Relaxed);
        } else {
            self.memory
                .fetch_sub((before - after) as u64, Ordering::Relaxed);
        }
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    pub(super) fn is_memory_short(&self) -> bool {
        self.memory_bytes() > self.bounds.all_memory_bytes
    }

    /// Full tail blocks a stream may keep now: fewer while memory is short.
    pub(super) fn tail_blocks(&self) -> usize {
        if self.is_memory_short() {
            1
        } else {
            self.bounds.tail_blocks()
        }
    }

    /// Blocks beyond the tail that a stream may keep in memory while the rest
    /// of its call's disk share is reserved: as many as fit into the reserve.
    pub(super) fn held_blocks(&self) -> usize {
        if self.is_memory_short() {
            0
        } else {
            self.reserved_disk() as usize / self.bounds.block_bytes
        }
    }

    /// Bytes of a call's disk share that stay free for the tails of its two
    /// streams, until these end.
    pub(super) fn reserved_disk(&self) -> u64 {
        2 * (self.bounds.tail_bytes + self.bounds.block_bytes) as u64
    }

    /// Takes disk space, of the call's share and of all. `left_free` bytes of the
    /// call's share must stay free.
    pub(super) fn take_disk(&self, call: &AtomicU64, bytes: u64, left_free: u64) -> bool {
        let takes =
            |limit: u64| move |used: u64| used.checked_add(bytes).filter(|sum| *sum <= limit);
        let share = self.bounds.call_disk_bytes.saturating_sub(left_free);
        let order = Ordering::Relaxed;
        if call.fetch_update(order, order, takes(share)).is_err() {
            return false;
        }
        let all = takes(self.bounds.all_disk_bytes);
        if self.disk.fetch_update(order, order, all).is_err() {
            call.fetch_sub(bytes, order);
            return false;
        }
        true
    }

    /// Gives disk space back.
    pub(super) fn give_disk(&self, call: &AtomicU64, bytes: u64) {
        call.fetch_sub(bytes, Ordering::Relaxed);
        self.disk.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        self.disk.load(Ordering::Relaxed)
    }

    /// Keeps the first error that kept output from the disk.
    pub(super) fn note_problem(&self, problem: String) {
        let mut slot = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(problem);
    }

    pub(super) fn problem(&self) -> Option<String> {
        let slot = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        slot.clone()
    }
}
