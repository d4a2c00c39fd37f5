//! What the runner, its warden and the supervisors say to one another.
//!
//! Sequenced-packet sockets: one message a packet, descriptors beside it. A
//! message that is too long for a packet travels in a memory file. The ends
//! are always of one and the same build, so the form has no versions.

mod codec;
mod command;
mod event;
mod socket;

pub(super) use command::{StartCommand, SupervisorCommand, WardenCommand, WardenEvent};
pub(super) use event::{Done, StartStage, SupervisorEvent};
pub(super) use socket::{Packet, pair, receive, send, send_waiting};
