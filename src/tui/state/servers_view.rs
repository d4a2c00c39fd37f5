//! State of the servers' screen: the selected server, the log of it and of the
//! selected call, and how far that is scrolled.

use std::sync::Arc;
use std::time::Duration;

use super::{ListView, MessageFind, TextScroll};
use crate::model::{CallId, QuestionId, ServerName};
use crate::output::{Safe, Side};

/// State of the servers' screen.
#[derive(Debug, Clone, Default)]
pub struct ServersView {
    /// Position in the list.
    pub list: ListView,
    /// The selected server.
    pub selected: Option<ServerName>,
    /// Its calls: those it works on first, then the latest.
    pub calls: Arc<Vec<CallId>>,
    /// Messages of the selected server.
    pub log: ServerLog,
    /// Rows of its standard error below the last visible one; 0 follows it.
    pub below: TextScroll,
    /// How far the messages are scrolled.
    pub messages: TextScroll,
    /// Search in them.
    pub find: MessageFind,
    /// The latest question that the user was told of.
    pub(super) asked: Option<QuestionId>,
    pub(super) calls_of: Option<(ServerName, u64)>,
}

/// Messages of a server, and of one of its calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerLog {
    /// The server and the call that it is of.
    pub of: (Option<ServerName>, Option<CallId>),
    /// Lines of the server's standard error.
    pub stderr: Vec<Safe>,
    /// Bytes before them that are not kept.
    pub left_out_bytes: u64,
    /// The messages about the call, where they are kept.
    pub messages: Option<Vec<MessageRow>>,
    /// The messages by which the call's server was connected.
    pub handshake: Vec<MessageRow>,
    /// Further messages, which are not kept.
    pub left_out: u64,
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// When, since the program began to listen.
    pub at: Duration,
    /// Sender.
    pub by: Side,
    /// Its text in pieces, one below the other; JSON is laid out.
    pub text: Vec<Safe>,
    /// Its text as it was sent, as far as it is kept. Untrusted text.
    pub raw: Arc<str>,
    /// Bytes of it in all.
    pub bytes: usize,
    /// Bytes of its end that are not kept.
    pub cut: usize,
}
