//! Messages between the runner, its warden and the supervisors.
//!
//! Sequenced-packet sockets: one message a packet, with descriptors. A message
//! that is too long for a packet travels in a memory file. Both ends are always
//! of the same build, so the encoding has no versions.

mod codec;
mod command;
mod event;
mod socket;

pub(super) use command::{StartCommand, SupervisorCommand, WardenCommand, WardenEvent};
pub(super) use event::{CallReport, SupervisorEvent};
pub(super) use socket::{Packet, pair, receive, send, send_waiting};
