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
mod channel;
mod persistent_process;
mod supervised_process;
mod supervisor_conn;
mod warden_client;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

pub use self::persistent_process::{PersistentPipes, PersistentProcess};
use self::supervised_process::SupervisedProcess;
use self::warden_client::WardenClient;
use super::ledger::{self, LedgerError, PidScope, SweptLeftovers, sweep};
use super::limits::OpenFiles;
use super::own_folder::OwnFolder;
use super::reporter::Reporter;
use super::wire::SupervisorCommand;
use super::{AttemptEvent, Spawner, StopTokens};
use crate::model::{Cap, ProcessSpec};
use crate::output::Sink;

/// How the containment is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainmentOptions {
    /// The program that becomes the warden: this one, which calls
    /// [`prepare`](super::prepare) first of all.
    pub program: PathBuf,
    /// The state folder. What runs is written down in a folder in it, so that
    /// the next start finds what a death of everything at once left.
    pub state: Option<PathBuf>,
}

impl Default for ContainmentOptions {
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
pub struct Containment(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: ContainmentOptions,
    open_files: OpenFiles,
    swept: SweptLeftovers,
    ledger_error: Option<LedgerError>,
    warden: Mutex<Arc<WardenClient>>,
}

impl Containment {
    /// Kills what earlier runs left that were killed themselves, raises this
    /// process's limit on open files, and starts the warden.
    pub fn start(options: ContainmentOptions) -> Result<Self, ContainmentError> {
        let own = rustix::process::getpid();
        rustix::process::set_child_subreaper(Some(own)).map_err(ContainmentError::Subreaper)?;
        let (swept, ledger_error) = match options.state.as_deref().map(look_back) {
            Some(Ok(swept)) => (swept, None),
            Some(Err(error)) => (SweptLeftovers::default(), Some(error)),
            None => (SweptLeftovers::default(), None),
        };
        let open_files = OpenFiles::raise();
        let warden = WardenClient::start(&options, open_files).map_err(ContainmentError::Warden)?;
        Ok(Self(Arc::new(Inner {
            options,
            open_files,
            swept,
            ledger_error,
            warden: Mutex::new(warden),
        })))
    }

    /// What was left of earlier runs, and was killed at the start.
    pub fn swept(&self) -> &SweptLeftovers {
        &self.0.swept
    }

    /// Process id of the warden.
    pub fn warden_pid(&self) -> u32 {
        self.0.lock_warden().pid()
    }

    /// Why nothing is written down for the next start, if a state folder was
    /// given and cannot be used.
    pub fn ledger_error(&self) -> Option<&LedgerError> {
        self.0.ledger_error.as_ref()
    }
}

fn look_back(state: &Path) -> Result<SweptLeftovers, LedgerError> {
    let place = PidScope::here().ok_or(LedgerError::NoPidScope)?;
    Ok(sweep(&OwnFolder::open(state, ledger::FOLDER)?, &place))
}

impl Spawner for Containment {
    fn start(
        &self,
        launch: ProcessSpec,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        let shared = Arc::clone(&self.0);
        let reporter = Reporter::new(launch.call, launch.epoch, events);
        tokio::spawn(async move {
            let ending = match SupervisedProcess::of_call(&shared, &launch, &stop).await {
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
        self.0.lock_warden().tell_all(&SupervisorCommand::Suspend);
    }

    fn resume(&self) {
        self.0.lock_warden().tell_all(&SupervisorCommand::Continue);
    }
}

impl Inner {
    fn lock_warden(&self) -> std::sync::MutexGuard<'_, Arc<WardenClient>> {
        self.warden.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the client of the warden, after starting a new one if the warden is dead.
    fn warden(&self) -> std::io::Result<Arc<WardenClient>> {
        let mut warden = self.lock_warden();
        if warden.is_dead() {
            *warden = WardenClient::start(&self.options, self.open_files)?;
        }
        Ok(Arc::clone(&warden))
    }
}
