//! The one loop that joins the scheduler, the running attempts and the probe,
//! and publishes snapshots.
//!
//! It owns the run's clock, the outputs and the rows. It must not know how a
//! process is started, how a row is drawn, or why a call waits: it asks.

mod handle;

pub use handle::{Busy, Command, Draft, Handle};
