//! Readings of the machine as a whole.

use sysinfo::System;

use super::pressure::PressureReader;
use super::traffic::TrafficReader;
use crate::model::{MachineSample, MemoryScope};

/// Reads the machine through `sysinfo`.
#[derive(Debug)]
pub(super) struct MachineReader {
    system: Option<System>,
    pressure: PressureReader,
    network: TrafficReader,
    disks: TrafficReader,
    is_first: bool,
}

impl MachineReader {
    pub(super) fn new() -> Self {
        Self {
            system: System::new().ok(),
            pressure: PressureReader::new(),
            network: TrafficReader::of_network(),
            disks: TrafficReader::of_disks(),
            is_first: true,
        }
    }

    /// Takes a reading; `None` where the system tells nothing. CPU use is the
    /// difference between two readings, so the first one has none.
    pub(super) fn read(&mut self) -> Option<MachineSample> {
        let system = self.system.as_mut()?;
        system.refresh_cpu_usage();
        system.refresh_memory();
        let is_first = std::mem::replace(&mut self.is_first, false);
        let per_core: Vec<f32> = if is_first {
            Vec::new()
        } else {
            let cores = system.cpus().iter();
            cores
                .map(|core| (core.usage() / 100.0).clamp(0.0, 1.0))
                .collect()
        };
        let mut sample = MachineSample {
            cpu_cores: (!is_first).then(|| per_core.iter().sum()),
            per_core,
            memory_used_bytes: system.used_memory(),
            memory_total_bytes: system.total_memory(),
            memory_scope: MemoryScope::Machine,
            swap_used_bytes: system.used_swap(),
            swap_total_bytes: system.total_swap(),
            load_one: System::load_average().map_or(0.0, |load| load.one),
            pressure: self.pressure.read(),
            network: self.network.read(),
            disks: self.disks.read(),
            calls_cores: None,
            calls_rss_bytes: None,
        };
        apply_group_limit(system, &mut sample);
        Some(sample)
    }
}

/// Returns the memory of the machine, or of the control group that limits this
/// process, in bytes; `None` where the system tells nothing.
pub fn memory_bytes() -> Option<u64> {
    let sample = MachineReader::new().read()?;
    Some(sample.memory_total_bytes)
}

/// Lowers the memory figures to those of the control group where it allows less
/// memory than the machine has.
fn apply_group_limit(system: &System, sample: &mut MachineSample) {
    if let Some(limits) = system.cgroup_limits()
        && limits.total_memory > 0
        && limits.total_memory < sample.memory_total_bytes
    {
        sample.memory_total_bytes = limits.total_memory;
        sample.memory_used_bytes = limits.total_memory.saturating_sub(limits.free_memory);
        sample.memory_scope = MemoryScope::ControlGroup;
    }
}
