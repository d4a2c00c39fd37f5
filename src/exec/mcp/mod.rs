//! Tool servers of the Model Context Protocol: each runs under a supervisor,
//! and one connection to it carries all of its calls.
//!
//! It owns the servers' processes and connections. What a tool may overlap
//! with, and whether an answer fits its schema, it must not know.

#[cfg(feature = "http")]
mod http_transport;
mod lines;
mod pins;
mod process;
mod request_table;
mod result;
mod server;
mod servers;
mod session;
mod stdio_transport;
mod tool_call;

pub use pins::Pins;
pub use servers::Servers;
pub use session::listed_tools;

use crate::model::ServerName;

/// Why a server takes no calls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// None is configured under this name.
    #[error("there is no server `{server}`")]
    Unknown {
        /// Its name.
        server: ServerName,
    },
    /// Its process could not be started. Untrusted text.
    #[error("server `{server}` could not be started: {reason}")]
    NotStarted {
        /// Its name.
        server: ServerName,
        /// Why.
        reason: String,
    },
    /// It did not connect, or did not list its tools. Untrusted text.
    #[error("server `{server}` did not connect: {reason}")]
    NotConnected {
        /// Its name.
        server: ServerName,
        /// Why.
        reason: String,
    },
}

impl StartError {
    /// The same where it is clear which server it is about.
    fn reason(&self) -> String {
        match self {
            Self::Unknown { .. } => "it is not configured".to_owned(),
            Self::NotStarted { reason, .. } => format!("not started: {reason}"),
            Self::NotConnected { reason, .. } => format!("not connected: {reason}"),
        }
    }
}
