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
mod resident;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use self::attempt::Attempt;
use self::keeper::Keeper;
pub use self::resident::{Resident, ResidentPipes};
use super::ledger::{self, LedgerError, Place, Swept, sweep};
use super::limits::OpenFiles;
use super::own_folder::OwnFolder;
use super::report::Reporter;
use super::wire::Order;
use super::{AttemptEvent, Spawner, StopTokens};
use crate::model::{Cap, Launch};
use crate::output::Sink;

/// How the containment is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The program that becomes the warden: this one, which calls
    /// [`prepare`](super::prepare) first of all.
    pub program: PathBuf,
    /// The state folder. What runs is written down in a folder in it, so that
    /// the next start finds what a death of everything at once left.
    pub state: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            state: None,
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
    open_files: OpenFiles,
    swept: Swept,
    ledger_error: Option<LedgerError>,
    keeper: Mutex<Arc<Keeper>>,
}

impl Containment {
    /// Kills what earlier runs left that were killed themselves, raises this
    /// process's limit on open files, and starts the warden.
    pub fn start(options: Options) -> Result<Self, ContainmentError> {
        let own = rustix::process::getpid();
        rustix::process::set_child_subreaper(Some(own)).map_err(ContainmentError::Subreaper)?;
        let (swept, ledger_error) = match options.state.as_deref().map(look_back) {
            Some(Ok(swept)) => (swept, None),
            Some(Err(error)) => (Swept::default(), Some(error)),
            None => (Swept::default(), None),
        };
        let open_files = OpenFiles::raise();
        let keeper = Keeper::start(&options, open_files).map_err(ContainmentError::Warden)?;
        Ok(Self(Arc::new(Shared {
            options,
            open_files,
            swept,
            ledger_error,
            keeper: Mutex::new(keeper),
        })))
    }

    /// What was left of earlier runs, and was killed at the start.
    pub fn swept(&self) -> &Swept {
        &self.0.swept
    }

    /// Process id of the warden.
    pub fn warden(&self) -> u32 {
        self.0.lock_keeper().pid()
    }

    /// Why nothing is written down for the next start, if a state folder was
    /// given and cannot be used.
    pub fn ledger_error(&self) -> Option<&LedgerError> {
        self.0.ledger_error.as_ref()
    }
}

fn look_back(state: &Path) -> Result<Swept, LedgerError> {
    let place = Place::here().ok_or(LedgerError::NoPlace)?;
    Ok(sweep(&OwnFolder::open(state, ledger::FOLDER)?, &place))
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
            let ending = match Attempt::of_call(&shared, &launch, &stop).await {
                Ok(attempt) => attempt.run(&reporter, &stop, sink).await,
                Err(ending) => ending,
            };
            reporter.ended(ending).await;
        });
    }

    /// The limit on open files leaves room for so many.
    fn most_lanes(&self) -> Option<Cap> {
        Some(self.0.open_files.most_lanes())
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
            *keeper = Keeper::start(&self.options, self.open_files)?;
        }
        Ok(Arc::clone(&keeper))
    }
}
