//! Runs one attempt: starts a process, pumps what it prints into its sink,
//! performs the stops it is ordered, and says how it ended.
//!
//! It owns the processes under way and nothing else. It must not know what a
//! call waits for, when a stop is due, or what becomes of an output: the
//! scheduler owns the ladder's clock, `output` owns the bytes.

mod cgroup;
mod containment;
mod exit;
mod group;
mod ledger;
mod pipes;
pub mod process;
mod program;
mod refusal;
mod report;
mod spawner;
mod table;
mod timer;
mod warden;
mod wire;

pub use containment::{Containment, ContainmentError, Options};
pub use ledger::{LedgerError, Swept};
pub use refusal::Refusal;
pub use spawner::{AttemptEvent, Spawner, StopTokens};
pub use timer::wait_attempt;

/// To be called first of all in `main`: where this process was started to be
/// a helper of another one (its warden), it is that, and never returns.
pub fn prepare() {
    let mut arguments = std::env::args_os();
    if arguments.next().is_some_and(|name| name == warden::NAME) {
        std::process::exit(i32::from(warden::run(arguments).is_err()));
    }
}
