//! Runs one attempt: starts a process, pumps what it prints into its sink,
//! performs the stops it is ordered, and says how it ended.
//!
//! It owns the processes under way and nothing else. It must not know what a
//! call waits for, when a stop is due, or what becomes of an output: the
//! scheduler owns the ladder's clock, `output` owns the bytes.

mod exit;
mod group;
mod pipes;
pub mod process;
mod program;
mod refusal;
mod report;
mod spawner;
mod timer;

pub use refusal::Refusal;
pub use spawner::{AttemptEvent, Spawner, StopTokens};
pub use timer::wait_attempt;
