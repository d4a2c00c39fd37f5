//! Runs attempts under supervisors, so that nothing outlives its call or the
//! program.
//!
//! It owns the warden's process, the sockets to the supervisors, and those
//! supervisors that wait for work. What happens under a supervisor it knows
//! only from what that tells.
//!
//! What is not held: work that a tool hands to another daemon (a container
//! engine, a service manager, cron) is not under it. Of a setuid program no
//! more can be killed than the system allows.

mod adopted;
mod attempt;
mod channel;
mod keeper;
mod lane;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use self::attempt::Attempt;
use self::keeper::Keeper;
use super::report::Reporter;
use super::wire::Order;
use super::{AttemptEvent, Spawner, StopTokens};
use crate::model::Launch;
use crate::output::Sink;

/// How the containment is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The program that becomes the warden: this one, which calls
    /// [`prepare`](super::prepare) first of all.
    pub program: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
        }
    }
}

/// Why the containment cannot work here.
#[derive(Debug, thiserror::Error)]
pub enum ContainmentError {
    /// The process may not adopt what its calls orphan.
    #[error("become the reaper of orphaned processes: {0}")]
    Subreaper(rustix::io::Errno),
    /// The warden could not be started.
    #[error("start the warden: {0}")]
    Warden(std::io::Error),
}

/// Starts attempts under supervisors; cheap to clone. Dropping the last clone
/// ends the supervisors and whatever still runs under them.
#[derive(Debug, Clone)]
pub struct Containment(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    keeper: Mutex<Arc<Keeper>>,
}

impl Containment {
    /// Starts the warden. Best done before anything else, while the program
    /// is small.
    pub fn start(options: Options) -> Result<Self, ContainmentError> {
        let own = rustix::process::getpid();
        rustix::process::set_child_subreaper(Some(own)).map_err(ContainmentError::Subreaper)?;
        let keeper = Keeper::start(&options.program).map_err(ContainmentError::Warden)?;
        Ok(Self(Arc::new(Shared {
            options,
            keeper: Mutex::new(keeper),
        })))
    }

    /// Process id of the warden.
    pub fn warden(&self) -> u32 {
        self.0.lock_keeper().pid()
    }
}

impl Spawner for Containment {
    fn start(
        &self,
        launch: Launch,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        let shared = Arc::clone(&self.0);
        let reporter = Reporter::new(launch.call, launch.epoch, events);
        tokio::spawn(async move {
            let ending = match Attempt::begin(&shared, &launch, &stop).await {
                Ok(attempt) => attempt.run(&reporter, &stop, sink).await,
                Err(ending) => ending,
            };
            reporter.ended(ending).await;
        });
    }

    fn suspend(&self) {
        self.0.lock_keeper().tell_all(&Order::Suspend);
    }

    fn resume(&self) {
        self.0.lock_keeper().tell_all(&Order::Continue);
    }
}

impl Shared {
    fn lock_keeper(&self) -> std::sync::MutexGuard<'_, Arc<Keeper>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The warden's keeper; a new one if the warden is dead.
    fn keeper(&self) -> std::io::Result<Arc<Keeper>> {
        let mut keeper = self.lock_keeper();
        if keeper.is_dead() {
            *keeper = Keeper::start(&self.options.program)?;
        }
        Ok(Arc::clone(&keeper))
    }
}
