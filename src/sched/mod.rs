//! The pure scheduler: `step(now, input) -> effects`.
//!
//! It decides which call starts when, when a running one is told to stop, and
//! how each call ends. It owns the state of every call of a run, the lanes,
//! the locks and every deadline. It has no clock, no randomness of its own, no
//! channel and no process: time and a seeded generator come in from outside,
//! and the same inputs give the same effects. That is what makes simulation in
//! virtual time, property tests and exact replays possible.
//!
//! It must not know what a tool is made of, what a call printed, or how
//! anything is shown.

mod active;
mod admission;
mod auto;
mod backoff;
mod budget;
#[cfg(debug_assertions)]
mod checks;
mod demand;
mod effect;
mod ended;
mod graph;
mod input;
mod keys;
mod ladder;
mod limits;
mod line;
mod lock_table;
mod moment;
mod placing;
mod pool;
mod queue;
mod rank;
mod record;
mod reservation;
mod scheduler;
mod settings;
mod share;
mod tape;
mod timer;
mod tool_table;
mod why;

pub use effect::{Effect, Effects, Reason, Rung};
pub use input::{AttemptEnd, CallSpec, Force, Input, MachineReading, Used};
pub use scheduler::Scheduler;
pub use settings::{Settings, ToolLimits};
pub use tape::{Replay, ReplayError, TapedStep};
