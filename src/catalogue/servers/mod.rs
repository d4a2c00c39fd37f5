//! Tool servers: how files configure them, and what becomes of the tools they
//! list.

mod expand;
mod foreign;
pub(crate) mod form;
mod launch;
mod listed;
mod native;
pub(super) mod oauth;
mod projects;
mod remote;
mod secrets;

pub(super) use foreign::read as read_foreign;
pub(super) use form::may_be as may_be_foreign;
pub use launch::{ServerSurroundings, program_process_spec, server_process_spec};
pub(super) use listed::{assumed, assumed_operation, tool_of};
pub(super) use native::read;
pub(crate) use secrets::is_secret_name;

use std::ops::Range;

use crate::model::McpServer;

/// A server as one file configures it, with the place of its name.
pub(super) struct ConfiguredServer {
    pub(super) server: McpServer,
    pub(super) name_span: Range<usize>,
}
