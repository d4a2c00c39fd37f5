//! Cores and memory that calls claim.

use super::demand::Demand;

/// What is claimed of the machine, and what may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct MachineClaims {
    /// Thousandths of a core that may be claimed in all.
    pub total_millicores: u64,
    /// Thousandths of a core claimed.
    pub millicores: u64,
    /// Bytes that may be claimed in all.
    pub total_memory: u64,
    /// Bytes claimed.
    pub memory: u64,
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
