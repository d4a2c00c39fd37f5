//! Tool servers of the Model Context Protocol: each runs under a supervisor,
//! and one connection to it carries all of its calls.
//!
//! It owns the processes and connections of the servers. It must not know
//! which calls a tool may overlap with, or whether an answer fits its schema.

mod answer;
mod asks;
mod client;
mod connecting;
mod decode;
#[cfg(feature = "http")]
mod event_stream;
#[cfg(feature = "http")]
mod http_client;
#[cfg(feature = "http")]
mod http_failure;
#[cfg(feature = "http")]
mod http_transport;
mod id_scan;
mod input;
mod library_message;
mod lines;
mod offers;
mod orphans;
mod pending_request;
mod pins;
mod process;
#[cfg(test)]
mod property_tests;
mod questions;
mod request_table;
mod result;
mod reusable_transport;
mod salvage;
mod sampling;
mod server;
mod servers;
mod session;
mod silence;
#[cfg(feature = "http")]
mod sse;
mod start_error;
mod stdio_transport;
#[cfg(feature = "http")]
mod streams;
mod tool_call;
mod tool_list;

pub use pins::Pins;
pub use questions::{CheckValue, Questions};
pub use result::write_answer;
pub use servers::{ServerSetup, Servers};
pub use start_error::{ConnectionFailure, ProcessFailure, StartError};
pub use tool_list::{ToolProblem, ToolTextError, listed_tools};
