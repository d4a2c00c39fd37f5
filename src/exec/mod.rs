//! Runs one attempt: starts a process, pumps what it prints into its sink,
//! performs the stops it is ordered, and says how it ended.
//!
//! It owns the processes under way and nothing else. It must not know what a
//! call waits for, when a stop is due, or what becomes of an output: the
//! scheduler owns the ladder's clock, `output` owns the bytes.

mod address_space;
mod attempt_event;
mod attempts;
mod browser;
mod cgroup;
mod containment;
mod exit;
#[cfg(test)]
mod fuzzing;
mod guardian;
#[cfg(feature = "http")]
mod http;
mod lane_limit;
mod ledger;
mod limits;
mod mcp;
#[cfg(feature = "http")]
mod oauth;
mod oom;
mod own_children;
mod pipes;
mod program;
pub mod proxy;
mod refusal;
mod reporter;
mod secret_mask;
mod signals;
mod spawner;
mod timer;
mod warden;
mod wire;

pub use attempt_event::{AttemptEvent, StopTokens};
pub use attempts::Attempts;
pub use containment::{
    Containment, ContainmentError, ContainmentOptions, PersistentPipes, PersistentProcess,
    Surroundings,
};
pub use guardian::Guardian;
#[cfg(feature = "http")]
pub use http::HttpClient;
pub use lane_limit::LaneLimit;
pub use ledger::{LedgerError, SweptLeftovers};
pub use mcp::{
    CheckValue, ConnectionFailure, Pins, ProcessFailure, Questions, ServerSetup, Servers,
    StartError, ToolProblem, ToolTextError, listed_tools, write_answer,
};
#[cfg(feature = "http")]
pub use oauth::{
    GrantStore, GrantStoreError, KeptGrant, KeptIn, Resource, Revocation, SignInError, SignedIn,
};
pub use own_children::while_none_starts;
pub use refusal::{Refusal, Shortage, shortage_advice};
pub use spawner::{AttemptContext, Spawner};
pub use timer::wait_attempt;

/// Becomes the warden or the terminal's guardian, and never returns, where this
/// process was started as one. Elsewhere it sets the signal actions of the
/// runner. `main` must call it first of all.
pub fn prepare() {
    let mut arguments = std::env::args_os();
    let ended = match arguments.next() {
        Some(name) if name == warden::NAME => warden::run(arguments),
        Some(name) if name == guardian::NAME => guardian::run(arguments),
        _ => {
            signals::ignore_file_size_limit();
            return address_space::spare();
        }
    };
    std::process::exit(i32::from(ended.is_err()));
}

/// Returns the path by which this program can be executed again, also if its
/// file was replaced meanwhile.
pub fn own_program() -> &'static std::path::Path {
    std::path::Path::new("/proc/self/exe")
}
