//! The protocol between a shim and those who attach to it, version 1: its
//! frames as types, and their form on the wire.
//!
//! A frame is one JSON object on a line, its *header*, with the frame's name
//! under `frame`; where the header has `len`, exactly that many bytes follow
//! the line, its *body*. Times are microseconds since the shim's start.
//! Unknown frames and unknown fields are ignored. Nothing here reads or writes
//! a socket.

mod codec;
mod from_dashboard;
mod from_shim;
#[cfg(test)]
mod tests;
mod words;

pub use codec::{BODY_BYTES, FrameError, FrameReader, HEADER_BYTES, RawFrame, encode};
pub use from_dashboard::{
    AnswerCall, Command, CommandNo, DashboardFrame, DashboardHello, EditCall, GoCall, HoldCalls,
    ReleaseCalls, Role, SetMode, Which,
};
pub use from_shim::{
    AgentIdentity, CallCame, CallEnded, CallMoved, Controller, LateAnswer, Limits, Lost, Message,
    Refused, ServerEvent, ServerNews, ShimFrame, ShimHello,
};
pub use words::{By, Direction, Mode, OnLost, ProxiedOutcome, ProxiedState, RefusedWhy, Side};

use serde::{Deserialize, Serialize};

/// Version of the protocol that is spoken here.
pub const VERSION: u32 = 1;

/// A shim's number for one call: 1, 2, … in the order in which they came.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct ShimCall(pub u64);

/// A time: microseconds since the shim's start.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct ShimTime(pub u64);
