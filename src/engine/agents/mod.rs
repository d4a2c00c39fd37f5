//! Agents at work: their calls as rows of the run, their servers, and what a
//! user does about them.
//!
//! A call of an agent is a row like others. While it is only watched, the
//! scheduler never hears of it. While agents are governed, a call that waits at
//! its proxy is queued in the scheduler, whose start sends it; it is withdrawn
//! as soon as it needs nothing any more, or something else decides about it.
//! How it ended is told by its proxy alone.

mod calls;
mod commands;
mod endings;
mod govern;
mod lanes;
mod mark;
mod moves;
mod news;
mod servers;
mod watch;

pub use watch::AgentFeed;
pub(super) use watch::AgentWatch;
