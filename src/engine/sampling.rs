//! Readings of the machine: kept, and put into the scheduler's terms.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::{CallId, History, MachineSample};
use crate::probe::{Probe, ProbeReading, Subject, Target, TreeReading};
use crate::sched::{CallReading, MachineReading};

/// Readings of the machine that are kept: two minutes at the default period.
const MACHINE_SAMPLES_KEPT: usize = 240;

/// The probe and what it has read of the machine.
pub(super) struct Sampling {
    probe: Probe,
    /// Cores that calls can use.
    cores: u32,
    machine: Arc<History<MachineSample>>,
    missed: u64,
    /// The call whose processes are looked at.
    inspected: Option<CallId>,
}

impl Sampling {
    pub(super) fn new(probe: Probe, cores: u32) -> Self {
        Self {
            probe,
            cores,
            machine: Arc::new(History::new(MACHINE_SAMPLES_KEPT)),
            missed: 0,
            inspected: None,
        }
    }

    /// Looks at the processes of a call, or at none, from the next reading on.
    pub(super) fn inspect(&mut self, call: Option<(CallId, Subject)>) {
        self.inspected = call.as_ref().map(|(call, _)| *call);
        self.probe.inspect(call.map(|(_, subject)| subject));
    }

    /// Returns the call whose processes are looked at.
    pub(super) fn inspected_call(&self) -> Option<CallId> {
        self.inspected
    }

    /// Returns a way to wait for readings.
    pub(super) fn readings(&self) -> watch::Receiver<Arc<ProbeReading>> {
        self.probe.readings()
    }

    /// Sets the process trees that are read.
    pub(super) fn set_targets(&self, targets: Vec<Target>) {
        self.probe.set_targets(targets);
    }

    /// Keeps a reading; `skipped` readings came to nobody's notice.
    pub(super) fn add(&mut self, reading: &ProbeReading, skipped: u64) {
        self.missed = reading.missed + skipped;
        let samples = || reading.trees.iter().filter_map(|tree| tree.sample);
        let machine = reading.machine.clone().map(|machine| MachineSample {
            calls_cores: Some(samples().filter_map(|it| it.cpu_cores).sum()),
            calls_rss_bytes: Some(samples().map(|it| it.rss_bytes).sum()),
            ..machine
        });
        Arc::make_mut(&mut self.machine).push(machine);
    }

    /// Readings of the machine, oldest first.
    pub(super) fn machine(&self) -> Arc<History<MachineSample>> {
        Arc::clone(&self.machine)
    }

    /// Number of readings that were missed.
    pub(super) fn missed(&self) -> u64 {
        self.missed
    }

    /// Number of cores that calls can use.
    pub(super) fn cores(&self) -> u32 {
        self.cores
    }

    /// Returns a reading of the machine in the scheduler's terms.
    pub(super) fn machine_reading(&self, reading: &ProbeReading) -> Option<MachineReading> {
        let machine = reading.machine.as_ref()?;
        let pressure = machine.pressure;
        let cores = f64::from(self.cores.max(1));
        let available = machine
            .memory_total_bytes
            .checked_sub(machine.memory_used_bytes);
        let calls = reading.trees.iter().filter_map(call_reading);
        let calls: Vec<CallReading> = calls.collect();
        Some(MachineReading {
            pressure: pressure.map(|it| f64::from(it.cpu)),
            pressure_source: pressure.map(|it| it.source).unwrap_or_default(),
            busy: machine
                .cpu_cores
                .map(|used| (f64::from(used) / cores).min(1.0)),
            memory_available_bytes: available,
            memory_total_bytes: Some(machine.memory_total_bytes),
            memory_stalled: pressure.and_then(|it| it.memory_full).map(f64::from),
            calls_rss_bytes: calls.iter().map(|call| call.rss_bytes).sum(),
            calls,
        })
    }
}

/// Returns a reading of a call in the scheduler's terms; `None` of servers, and
/// where nothing could be read.
fn call_reading(tree: &TreeReading) -> Option<CallReading> {
    let Subject::Call(id, epoch) = tree.subject else {
        return None;
    };
    let sample = tree.sample?;
    Some(CallReading {
        id,
        epoch,
        cpu: Duration::from_millis(sample.cpu_ms),
        waited: sample.waited_ms.map(Duration::from_millis),
        rss_bytes: sample.rss_bytes,
    })
}
