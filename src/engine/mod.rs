//! The one loop that joins the scheduler, the running attempts and the probe,
//! and publishes snapshots.
//!
//! It owns the run's clock, the outputs and the rows. It must not know how a
//! process is started, how a row is drawn, or why a call waits: it asks.

mod agents;
mod aside;
mod attempts;
mod cap_log;
mod clock;
mod effects;
mod event_recorder;
mod handle;
mod hazards;
mod inbox;
mod inflight;
mod lane_time;
mod launcher;
mod load;
mod log;
mod outbox;
mod outputs;
mod preparation;
mod publisher;
mod rows;
mod run;
mod sampling;
mod server_watch;
mod servers;
mod setup;
mod snapshot;
mod snapshot_lists;
mod start;

pub use agents::AgentFeed;
pub use event_recorder::{EventDetail, Recorder};
pub use handle::{AgentCommand, Busy, Command, EngineHandle};
pub use launcher::RunSurroundings;
pub use setup::{Lifetime, LoadFeed, Setup};
pub use start::{Engine, start};
