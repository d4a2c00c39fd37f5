//! The parts that commands join: a run's catalogue, environment, servers and trust
//! (a `Session`), experiments, and the files that outlive a run.
//!
//! It turns what a command was given into a run that is ready to start, and
//! follows it to its end. It must not know how the command line is read, what
//! exit codes mean, or that there is a dashboard; it says on standard error
//! only what no return value can carry (`diagnostics`).

mod answers;
mod containment;
mod decision_log;
pub(crate) mod diagnostics;
mod environment;
mod error;
mod experiment_thread;
mod folders;
mod live_runner;
mod load_calls;
mod load_run;
mod load_target;
pub(crate) mod log;
mod open;
mod run_folder;
mod runtime;
mod saved_sweep;
mod session;
mod signals;
mod suspension;
mod trust;
mod verdict;

pub(crate) use answers::GivenAnswers;
pub(crate) use containment::{ContainmentLevel, try_containment};
pub(crate) use diagnostics::{chain, complain};
pub(crate) use environment::{Connected, RunEnvironment};
pub(crate) use error::{OpenError, SessionError};
pub(crate) use experiment_thread::{ExperimentThread, ResumePolicy};
pub(crate) use folders::{Folders, history};
pub(crate) use live_runner::{Conditions, LiveRunner};
pub(crate) use load_calls::{MakeArguments, PlannedCalls};
pub(crate) use open::{
    load_catalogue, load_plan, open_catalogue, open_plan, open_session, peek_catalogue,
    prepare_session,
};
pub(crate) use runtime::start_current_thread;
pub(crate) use saved_sweep::{SavedSweep, SweepName};
pub(crate) use session::{RunSettings, Session, usable_cores};
pub(crate) use signals::{
    Interruption, RunEnd, SignalRequest, Signals, StopRequests, WarningsOnly, audit, follow,
};
pub(crate) use suspension::{ExperimentRun, hold, release};
pub(crate) use trust::{Untrusted, can_ask, is_confirmed, legible};
pub(crate) use verdict::{LeakPolicy, is_as_planned};
