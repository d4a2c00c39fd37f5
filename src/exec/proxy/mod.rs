//! Stands between an agent and one server, and lets a dashboard watch and
//! steer what passes.
//!
//! The shim (`fanout mcp`) is started by the agent in place of its server; the
//! server is the shim's child, under a supervisor like every other program. A
//! dashboard finds shims by listing a folder that follows from the user's id
//! alone ([`MeetingFolder`]), and speaks to each over a socket ([`frames`]).
//!
//! Messages pass as the bytes they came in; only their envelope is read. It
//! must not know of the engine, and never uses the types of an MCP library:
//! those drop what they do not know.

pub mod attach;
mod envelope;
pub mod folder;
pub mod frames;
mod gate;
pub mod known_agents;
mod life;
pub mod lock_key;
mod locks;
mod masked_argv;
mod record;
mod relay;
mod socket;
mod stdio;

pub use folder::{FolderError, MeetingFolder, ShimSocket};
pub use life::{ShimError, ShimOptions, run};
