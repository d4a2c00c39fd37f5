//! Readings of the machine and of process trees, taken on a thread of its own.
//!
//! The thread owns what has to be remembered between two readings. Whoever
//! wants readings sets the targets and looks at the latest reading; neither
//! ever waits for the other for longer than it takes to exchange a pointer.
//! The room must not know what a call is for, nor when it should start or end.

mod cpu_time;
mod machine;
mod pressure;
mod process_table;
mod procfs_table;
mod sampler;
mod traffic;
mod tree_usage;

pub use cpu_time::{machine_cpu_time, own_cpu_time};
pub use machine::memory_bytes as machine_memory_bytes;

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use self::sampler::Sampler;
use crate::model::{CallId, CallSample, Epoch, MachineSample, ServerName};

/// Whose processes are read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Those of one start of a call.
    Call(CallId, Epoch),
    /// Those of a tool server, which serves many calls.
    Server(ServerName),
}

/// A process tree to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whose it is.
    pub subject: Subject,
    /// Its first process.
    pub pid: u32,
}

/// One look at the machine and at all targets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProbeReading {
    /// Number of this reading, from 1; 0 before the first.
    pub taken: u64,
    /// Readings that were due and not taken, so far.
    pub missed: u64,
    /// The machine.
    pub machine: Option<MachineSample>,
    /// Each target; `None` where nothing of it could be read.
    pub trees: Vec<(Subject, Option<CallSample>)>,
}

/// A running probe. Dropping it ends its thread.
#[derive(Debug)]
pub struct Probe {
    slot: Arc<Slot>,
    readings: watch::Receiver<Arc<ProbeReading>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and its owner share.
#[derive(Debug, Default)]
struct Slot {
    orders: Mutex<ProbeControl>,
    woken: Condvar,
}

#[derive(Debug, Default)]
struct ProbeControl {
    targets: Arc<[Target]>,
    is_ending: bool,
}

/// Starts a probe that takes a reading every `period`, the first one at once.
/// The machine's CPU figures need 200 ms or more between two readings.
pub fn start(period: Duration) -> std::io::Result<Probe> {
    let slot = Arc::new(Slot::default());
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
    /// A probe that looks at nothing: its readings come from somebody else.
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

    /// The latest reading, and news of later ones.
    pub fn readings(&self) -> watch::Receiver<Arc<ProbeReading>> {
        self.readings.clone()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.slot.lock().is_ending = true;
        self.slot.woken.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Slot {
    fn lock(&self) -> std::sync::MutexGuard<'_, ProbeControl> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until `due`. `None` when the probe is to end.
    fn wait_until(&self, due: Instant) -> Option<Arc<[Target]>> {
        let mut orders = self.lock();
        loop {
            if orders.is_ending {
                return None;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some(Arc::clone(&orders.targets));
            }
            orders = self
                .woken
                .wait_timeout(orders, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

fn run(slot: &Slot, readings: &watch::Sender<Arc<ProbeReading>>, period: Duration) {
    let mut sampler = Sampler::new();
    let mut due = Instant::now();
    let mut missed = 0;
    while let Some(targets) = slot.wait_until(due) {
        readings.send_replace(Arc::new(sampler.sample(&targets, missed)));
        due += period;
        let late = Instant::now().saturating_duration_since(due);
        let skipped = (late.as_nanos() / period.as_nanos()) as u32;
        missed += u64::from(skipped);
        due += period * skipped;
    }
}
