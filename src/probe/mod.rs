//! Readings of the machine and of process trees, taken on a thread of its own.
//!
//! The thread owns the state between two readings. Its users set the targets
//! and look at the latest reading; neither waits for the other for longer than
//! it takes to exchange a pointer. The room must not know what a call is for,
//! nor when it should start or end. `procfs` alone reads `/proc/PID/stat` and
//! the lists of children, for `exec` as well.

mod cpu_time;
mod inspect;
mod machine;
mod pressure;
mod process_table;
pub(crate) mod procfs;
mod procfs_table;
mod reading;
mod sampler;
mod traffic;
mod tree_usage;

pub use cpu_time::{machine_cpu_time, own_cpu_time};
pub use machine::memory_bytes as machine_memory_bytes;
pub use reading::{ProbeReading, Subject, Target, TreeInspection, TreeReading};

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use self::sampler::Sampler;

/// A running probe. Dropping it ends its thread.
#[derive(Debug)]
pub struct Probe {
    slot: Arc<ControlSlot>,
    readings: watch::Receiver<Arc<ProbeReading>>,
    thread: Option<JoinHandle<()>>,
}

/// State that the thread and its owner share.
#[derive(Debug, Default)]
struct ControlSlot {
    control: Mutex<ProbeControl>,
    changed: Condvar,
}

/// Orders of the owner to the thread.
#[derive(Debug, Default)]
struct ProbeControl {
    /// Process trees to read.
    targets: Arc<[Target]>,
    /// The target whose processes are looked at one by one.
    inspected: Option<Subject>,
    /// Whether the thread is to end.
    is_ending: bool,
}

/// Starts a probe that takes a reading every `period`, the first one at once.
/// The machine's CPU figures need 200 ms or more between two readings.
pub fn start(period: Duration) -> std::io::Result<Probe> {
    let slot = Arc::new(ControlSlot::default());
    let (sender, readings) = watch::channel(Arc::new(ProbeReading::default()));
    let shared = Arc::clone(&slot);
    let period = period.max(Duration::from_millis(1));
    let thread = std::thread::Builder::new()
        .name("fanout-probe".into())
        .spawn(move || run(&shared, &sender, period))?;
    Ok(Probe {
        slot,
        readings,
        thread: Some(thread),
    })
}

impl Probe {
    /// Makes a probe without a thread: its readings come from the sender.
    pub fn of(readings: watch::Receiver<Arc<ProbeReading>>) -> Self {
        Self {
            slot: Arc::default(),
            readings,
            thread: None,
        }
    }

    /// Replaces the process trees to read.
    pub fn set_targets(&self, targets: Vec<Target>) {
        self.slot.lock().targets = targets.into();
    }

    /// Looks at the processes of a target one by one, or of none, from the next
    /// reading on.
    pub fn inspect(&self, subject: Option<Subject>) {
        self.slot.lock().inspected = subject;
    }

    /// Returns a receiver of the latest reading and of later ones.
    pub fn readings(&self) -> watch::Receiver<Arc<ProbeReading>> {
        self.readings.clone()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.slot.lock().is_ending = true;
        self.slot.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl ControlSlot {
    fn lock(&self) -> std::sync::MutexGuard<'_, ProbeControl> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until `due` and returns the targets and the one that is looked at;
    /// `None` once the probe is to end.
    fn wait_until(&self, due: Instant) -> Option<(Arc<[Target]>, Option<Subject>)> {
        let mut control = self.lock();
        loop {
            if control.is_ending {
                return None;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some((Arc::clone(&control.targets), control.inspected.clone()));
            }
            control = self
                .changed
                .wait_timeout(control, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

fn run(slot: &ControlSlot, readings: &watch::Sender<Arc<ProbeReading>>, period: Duration) {
    let mut sampler = Sampler::new();
    let mut due = Instant::now();
    let mut missed = 0;
    while let Some((targets, inspected)) = slot.wait_until(due) {
        let mut reading = sampler.sample(&targets, missed);
        reading.inspection = inspected.and_then(|subject| sampler.inspect(&subject));
        readings.send_replace(Arc::new(reading));
        due += period;
        let late = Instant::now().saturating_duration_since(due);
        let skipped = (late.as_nanos() / period.as_nanos()) as u32;
        missed += u64::from(skipped);
        due += period * skipped;
    }
}
