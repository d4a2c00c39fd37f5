//! Log of the protocol: standard error of servers, and the messages that were
//! exchanged with them about single calls. All of it is bounded and untrusted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::model::{CallId, ServerName};

/// Number of bytes of standard error kept of one server, the latest.
const COMPLAINTS: usize = 64 << 10;

/// Number of bytes kept of one message, from its beginning.
const MESSAGE: usize = 16 << 10;

/// Number of bytes of messages kept of one call; later messages are counted.
const MESSAGES: usize = 128 << 10;

/// Number of calls whose messages are kept, the latest.
const CALLS: usize = 256;

/// Handle on the log; clones share it.
#[derive(Debug, Clone)]
pub struct ProtocolLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    started: Instant,
    log: Mutex<Log>,
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Log {
    complaints: BTreeMap<ServerName, StderrTail>,
    calls: VecDeque<(CallId, Exchange)>,
    handshakes: BTreeMap<ServerName, Exchange>,
}

#[derive(Debug, Default)]
struct StderrTail {
    bytes: VecDeque<u8>,
    left_out: u64,
}

/// Latest standard error of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerStderr {
    /// Its end. Untrusted text.
    pub text: String,
    /// Number of bytes before it that were left out.
    pub left_out: u64,
}

/// The messages about one call.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Number of messages that were left out.
    pub left_out: u64,
    bytes: usize,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Time since the log was created.
    pub at: Duration,
    /// Sender.
    pub by: Side,
    /// Text as it was sent, cut to 16 KiB. Untrusted text.
    pub text: Arc<str>,
    /// Number of bytes that were cut off.
    pub cut: usize,
}

/// Sender of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// This program.
    Fanout,
    /// The server.
    Server,
    /// An agent, of whose call it is.
    Agent,
}

impl Default for ProtocolLog {
    fn default() -> Self {
        Self(Arc::new(Shared {
            started: Instant::now(),
            log: Mutex::default(),
            news: watch::Sender::new(0),
        }))
    }
}

impl ProtocolLog {
    /// Adds bytes that a server printed on its standard error.
    pub fn add_stderr(&self, server: &ServerName, bytes: &[u8]) {
        let mut log = self.log();
        let kept = log.complaints.entry(server.clone()).or_default();
        kept.bytes.extend(bytes);
        let beyond = kept.bytes.len().saturating_sub(COMPLAINTS);
        kept.bytes.drain(..beyond);
        kept.left_out += beyond as u64;
        drop(log);
        self.tell();
    }

    /// The latest standard error of a server.
    pub fn server_stderr(&self, server: &ServerName) -> ServerStderr {
        let log = self.log();
        let Some(kept) = log.complaints.get(server) else {
            return ServerStderr::default();
        };
        let bytes: Vec<u8> = kept.bytes.iter().copied().collect();
        ServerStderr {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            left_out: kept.left_out,
        }
    }

    /// Receiver that is notified of each addition.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }

    fn tell(&self) {
        self.0.news.send_modify(|count| *count += 1);
    }

    /// Adds a message about a call.
    pub fn add_message(&self, call: CallId, by: Side, text: &str) {
        let at = self.0.started.elapsed();
        let mut log = self.log();
        if log.calls.iter().all(|(known, _)| *known != call) {
            if log.calls.len() >= CALLS {
                log.calls.pop_front();
            }
            log.calls.push_back((call, Exchange::default()));
        }
        let exchange = log.calls.iter_mut().rev().find(|(id, _)| *id == call);
        if let Some((_, exchange)) = exchange {
            exchange.add(at, by, text);
        }
        drop(log);
        self.tell();
    }

    /// Begins the messages by which a server is connected.
    pub fn begin_handshake(&self, server: &ServerName) {
        let begun = Exchange::default();
        self.log().handshakes.insert(server.clone(), begun);
    }

    /// Adds a message by which a server is connected, or lists what it has.
    pub fn add_handshake(&self, server: &ServerName, by: Side, text: &str) {
        let at = self.0.started.elapsed();
        let mut log = self.log();
        let handshake = log.handshakes.entry(server.clone()).or_default();
        handshake.add(at, by, text);
        drop(log);
        self.tell();
    }

    /// The messages by which a server was connected.
    pub fn handshake(&self, server: &ServerName) -> Option<Exchange> {
        self.log().handshakes.get(server).cloned()
    }

    /// Forgets the messages about a call, whose number another one takes.
    pub fn forget(&self, call: CallId) {
        self.log().calls.retain(|(known, _)| *known != call);
    }

    /// The messages about a call, if they are still kept.
    pub fn exchange(&self, call: CallId) -> Option<Exchange> {
        let log = self.log();
        let mut calls = log.calls.iter();
        calls
            .find(|(known, _)| *known == call)
            .map(|(_, exchange)| exchange.clone())
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    fn add(&mut self, at: Duration, by: Side, text: &str) {
        let end = text.floor_char_boundary(text.len().min(MESSAGE));
        let kept = text.get(..end).unwrap_or_default();
        if self.bytes + kept.len() > MESSAGES {
            self.left_out += 1;
            return;
        }
        self.bytes += kept.len();
        self.messages.push(Message {
            at,
            by,
            text: kept.into(),
            cut: text.len() - end,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_bounded_and_what_is_left_out_is_counted() {
        let protocol_log = ProtocolLog::default();
        let server = ServerName::new("s");
        for _ in 0..40 {
            protocol_log.add_stderr(&server, &[b'x'; 4096]);
        }
        protocol_log.add_stderr(&server, b"end");
        let complaints = protocol_log.server_stderr(&server);
        assert_eq!(complaints.text.len(), COMPLAINTS);
        assert!(complaints.text.ends_with("xend"));
        assert_eq!(complaints.left_out, (40 * 4096 + 3 - COMPLAINTS) as u64);
        for _ in 0..10 {
            protocol_log.add_message(CallId::MIN, Side::Server, &"y".repeat(MESSAGE + 5));
        }
        let exchange = protocol_log.exchange(CallId::MIN).expect("its messages");
        assert_eq!((exchange.messages.len(), exchange.left_out), (8, 2));
        assert_eq!(exchange.messages[0].cut, 5);
        for index in 1..=CALLS {
            protocol_log.add_message(CallId::from_index(index), Side::Fanout, "{}");
        }
        assert!(
            protocol_log.exchange(CallId::MIN).is_none(),
            "the oldest goes"
        );
        assert!(protocol_log.exchange(CallId::from_index(CALLS)).is_some());
    }
}
