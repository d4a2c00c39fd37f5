//! Messages for the servers' screen and for the details of agents' calls:
//! looked up only where they are shown, and only when there are new ones.

use std::sync::Arc;

use tokio::sync::watch;

use crate::model::{CallId, ServerName};
use crate::output::{Message, ProtocolLog, Safe};
use crate::tui::state::output::ReadResult;
use crate::tui::state::{MessageRow, ServerLog, State};

/// Bytes of a message in one piece of text.
const PIECE: usize = 1024;

/// Listens for the servers' screen.
#[derive(Debug)]
pub struct ServerLogReader {
    protocol_log: ProtocolLog,
    changes: watch::Receiver<u64>,
    is_shown: bool,
    last: Option<(u64, Option<ServerName>, Option<CallId>)>,
}

impl ServerLogReader {
    /// Listens in.
    pub fn new(protocol_log: ProtocolLog) -> Self {
        let changes = protocol_log.changes();
        Self {
            protocol_log,
            changes,
            is_shown: false,
            last: None,
        }
    }

    /// Waits for new messages, while the screen shows them.
    pub async fn changed(&mut self) {
        if !self.is_shown || self.changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns the messages of the server on the screen, if there are new ones.
    pub fn serve(&mut self, state: &State) -> Option<ReadResult> {
        self.is_shown = state.shows_messages();
        if !self.is_shown {
            return None;
        }
        let (server, call) = (state.servers.selected.clone(), state.selection.call());
        let now = (*self.changes.borrow(), server.clone(), call);
        if self.last.as_ref() == Some(&now) {
            return None;
        }
        self.last = Some(now);
        let stderr = server
            .as_ref()
            .map(|name| self.protocol_log.server_stderr(name));
        let stderr = stderr.unwrap_or_default();
        let messages = call.and_then(|call| self.protocol_log.exchange(call));
        let of_server = call.and_then(|call| state.server_of(state.run.row(call)?));
        let handshake = of_server.and_then(|server| self.protocol_log.handshake(server));
        Some(ReadResult::ServerLog(ServerLog {
            of: (server, call),
            stderr: Safe::lines(&stderr.text).collect(),
            left_out_bytes: stderr.left_out,
            left_out: messages.as_ref().map_or(0, |messages| messages.left_out),
            messages: messages.map(|messages| {
                // Those of the call first: they are what is looked for.
                messages.messages.iter().map(row).collect()
            }),
            handshake: handshake.map_or_else(Vec::new, |it| it.messages.iter().map(row).collect()),
        }))
    }
}

fn row(message: &Message) -> MessageRow {
    MessageRow {
        at: message.at,
        by: message.by,
        text: laid_out(message),
        raw: Arc::clone(&message.text),
        bytes: message.text.len() + message.cut,
        cut: message.cut,
    }
}

/// Returns the text line by line where it is a whole JSON document, else as it
/// is.
fn laid_out(message: &Message) -> Vec<Safe> {
    let document = serde_json::from_str::<serde_json::Value>(&message.text);
    match document {
        Ok(document) if message.cut == 0 => {
            let text = format!("{document:#}");
            text.lines().flat_map(pieces).collect()
        }
        _ => pieces(&message.text),
    }
}

/// A long text in pieces that can each be shown whole.
fn pieces(text: &str) -> Vec<Safe> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE));
        pieces.push(Safe::new(piece));
        rest = more;
    }
    pieces
}
