//! Runs attempts under supervisors, so that nothing outlives its call or the
//! program.
//!
//! It owns the warden's process, the sockets to the supervisors, and the idle
//! supervisors. It knows of the processes under a supervisor only what that
//! reports.
//!
//! Two limits: work that a tool hands to another daemon (a container engine, a
//! service manager, cron) is not under its supervisor, and a setuid program can
//! be killed only as far as the system allows.

mod adopted;
mod channel;
mod current_warden;
mod options;
mod persistent_process;
mod supervised_process;
mod supervisor_conn;
mod warden_client;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use self::current_warden::CurrentWarden;
pub use self::options::{ContainmentError, ContainmentOptions, Surroundings};
pub use self::persistent_process::{PersistentPipes, PersistentProcess};
use self::supervised_process::SupervisedProcess;
use super::lane_limit::LaneLimit;
use super::ledger::{self, LedgerError, PidScope, SweptLeftovers, sweep};
use super::limits::OpenFiles;
use super::reporter::Reporter;
use super::{AttemptContext, Spawner, StopTokens};
use super::{address_space, cgroup, oom};
use crate::model::{Ending, ProcessSpec, Work};

/// Starts attempts under supervisors; cheap to clone. Dropping the last clone
/// ends the supervisors and everything under them.
#[derive(Debug, Clone)]
pub struct Containment(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    warden: CurrentWarden,
    open_files: OpenFiles,
    /// Read once, before the first call: later, running calls count as used.
    lane_limit: OnceLock<LaneLimit>,
    swept: SweptLeftovers,
    ledger_error: Option<LedgerError>,
}

impl Containment {
    /// Kills the processes that killed runs left, raises this process's limit
    /// on open files, and starts the warden.
    pub fn start(options: ContainmentOptions) -> Result<Self, ContainmentError> {
        let needed = address_space::RUNNER_BYTES + address_space::LANE_BYTES;
        if let Some(free) = address_space::free_bytes().filter(|free| *free < needed) {
            return Err(ContainmentError::AddressSpace { free, needed });
        }
        let own = rustix::process::getpid();
        rustix::process::set_child_subreaper(Some(own)).map_err(ContainmentError::Subreaper)?;
        let (swept, ledger_error) = match options.state.as_deref().map(sweep_leftovers) {
            Some(Ok(swept)) => (swept, None),
            Some(Err(error)) => (SweptLeftovers::default(), Some(error)),
            None => (SweptLeftovers::default(), None),
        };
        cgroup::remove_dead();
        oom::forget_kills();
        let open_files = match options.surroundings {
            Surroundings::Tool => OpenFiles::raise(),
            Surroundings::Inherited => OpenFiles::as_it_is(),
        };
        let warden = CurrentWarden::start(options, open_files).map_err(ContainmentError::Warden)?;
        Ok(Self(Arc::new(Inner {
            warden,
            open_files,
            lane_limit: OnceLock::new(),
            swept,
            ledger_error,
        })))
    }

    /// Starts a program that stays. The standard input of the launch is not
    /// used: the program reads what is written to its pipe. The error is the
    /// ending of a program that could not be started.
    pub async fn start_persistent(
        &self,
        launch: &ProcessSpec,
        stop: &StopTokens,
    ) -> Result<(PersistentProcess, PersistentPipes), Ending> {
        PersistentProcess::start(&self.0.warden, launch, stop).await
    }

    /// Returns the processes of killed runs that were found at the start.
    pub fn swept(&self) -> &SweptLeftovers {
        &self.0.swept
    }

    /// Returns the process id of the warden.
    pub fn warden_pid(&self) -> u32 {
        self.0.warden.pid()
    }

    /// Returns the reason that no ledger is kept, if a state folder was given
    /// and cannot be used.
    pub fn ledger_error(&self) -> Option<&LedgerError> {
        self.0.ledger_error.as_ref()
    }
}

fn sweep_leftovers(state: &Path) -> Result<SweptLeftovers, LedgerError> {
    let scope = PidScope::here().ok_or(LedgerError::NoPidScope)?;
    Ok(sweep(&ledger::open_folder(state)?, &scope))
}

impl Containment {
    /// Starts an attempt that runs a program, and returns at once. Exactly one
    /// [`AttemptEvent::Ended`](super::AttemptEvent::Ended) follows.
    ///
    /// Must be called within a tokio runtime.
    pub fn start_process(&self, spec: ProcessSpec, context: AttemptContext) {
        let inner = Arc::clone(&self.0);
        let AttemptContext { stop, sink, events } = context;
        let reporter = Reporter::new(spec.call, spec.epoch, events);
        tokio::spawn(async move {
            let ending = match SupervisedProcess::of_call(&inner.warden, &spec, &stop).await {
                Ok(process) => process.run(&reporter, &stop, sink).await,
                Err(ending) => ending,
            };
            reporter.ended(ending).await;
        });
    }
}

impl Spawner for Containment {
    fn start(&self, work: Work, context: AttemptContext) {
        match work {
            Work::Process(spec) => self.start_process(spec, context),
            Work::Mcp(_) | Work::Http(_) => {
                let ending = Ending::refused("only programs are started here");
                context.refuse(&work, ending);
            }
        }
    }

    /// Returns the number of lanes that the limits on open files, processes and
    /// address space leave room for.
    fn lane_limit(&self) -> Option<LaneLimit> {
        let read = || LaneLimit::read(self.0.open_files);
        Some(*self.0.lane_limit.get_or_init(read))
    }

    fn suspend(&self) {
        self.0.warden.suspend();
    }

    fn resume(&self) {
        self.0.warden.resume();
    }
}
