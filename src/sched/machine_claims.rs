//! Cores and memory that calls claim.

use super::demand::Demand;
use crate::model::WaitReason;

/// Cores and memory of the machine: claimed, and in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct MachineClaims {
    /// Thousandths of a core that may be claimed in all.
    total_millicores: u64,
    /// Thousandths of a core claimed.
    millicores: u64,
    /// Bytes that may be claimed in all.
    total_memory: u64,
    /// Bytes claimed.
    memory: u64,
}

impl MachineClaims {
    pub(super) fn new(cores: Option<f64>, memory: Option<u64>) -> Self {
        Self {
            total_millicores: cores.map_or(u64::MAX, millicores),
            millicores: 0,
            total_memory: memory.unwrap_or(u64::MAX),
            memory: 0,
        }
    }

    /// A claim above the whole counts as the whole: that call runs without
    /// any other that claims.
    pub(super) fn clamped(&self, cores: Option<f64>, memory: Option<u64>) -> (u64, u64) {
        let wanted = cores.map_or(0, millicores).min(self.total_millicores);
        (wanted, memory.unwrap_or(0).min(self.total_memory))
    }

    pub(super) fn has_memory(&self, demand: &Demand) -> bool {
        demand.memory <= self.total_memory - self.memory
    }

    pub(super) fn has_cores(&self, demand: &Demand) -> bool {
        demand.millicores <= self.total_millicores - self.millicores
    }

    /// Returns whether that much may be claimed in all.
    pub(super) fn covers(&self, millicores: u64, memory: u64) -> bool {
        millicores <= self.total_millicores && memory <= self.total_memory
    }

    /// Reason of a call that waits for memory.
    pub(super) fn memory_reason(&self) -> WaitReason {
        WaitReason::Memory {
            used_bytes: self.memory,
            total_bytes: self.total_memory,
        }
    }

    /// Reason of a call that waits for cores.
    pub(super) fn cores_reason(&self) -> WaitReason {
        WaitReason::Cpu {
            used_cores: self.millicores as f64 / 1000.0,
            total_cores: self.total_millicores as f64 / 1000.0,
        }
    }

    #[cfg(debug_assertions)]
    pub(super) fn check(&self) {
        assert!(self.millicores <= self.total_millicores, "cores");
        assert!(self.memory <= self.total_memory, "memory");
    }

    pub(super) fn take(&mut self, demand: &Demand) {
        self.millicores += demand.millicores;
        self.memory += demand.memory;
    }

    pub(super) fn release(&mut self, demand: &Demand) {
        self.millicores -= demand.millicores;
        self.memory -= demand.memory;
    }
}

fn millicores(cores: f64) -> u64 {
    (cores.max(0.0) * 1000.0).round() as u64
}
