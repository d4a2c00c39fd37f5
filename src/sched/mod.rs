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

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod auto;
mod backoff;
mod call_record;
mod calls;
mod decision;
mod demand;
mod effect;
mod fair_share;
mod graph;
mod input;
mod lanes;
mod lock_questions;
mod lock_table;
mod machine_claims;
mod manual_order;
mod moment;
mod queue;
mod resources;
mod run_control;
mod scheduler;
mod settings;
mod sort_keys;
mod sub_queue;
mod timeouts;
mod timer;
mod tool_table;

pub use decision::{DecisionRecord, Replay, ReplayError};
pub use effect::{Effect, Effects, Reason, StopSignal};
pub use input::{
    AttemptResult, CallReading, CallSpec, Force, Input, MachineReading, ResourceUsage,
};
pub use scheduler::Scheduler;
pub use settings::{SchedulerSettings, ToolLimits};
