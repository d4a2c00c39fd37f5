//! What servers complain of, and the messages that were exchanged with them
//! about single calls. Everything in it is bounded, and untrusted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::model::{CallId, ServerName};

/// Bytes of complaints kept of one server: the latest.
const COMPLAINTS: usize = 64 << 10;

/// Bytes kept of one message: its beginning.
const MESSAGE: usize = 16 << 10;

/// Bytes of messages kept of one call; further ones are counted.
const MESSAGES: usize = 128 << 10;

/// Calls whose messages are kept: the latest.
const CALLS: usize = 256;

/// Listens in on the talk with servers; clones listen to the same.
#[derive(Debug, Clone)]
pub struct Wiretap(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    started: Instant,
    heard: Mutex<Heard>,
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Heard {
    complaints: BTreeMap<ServerName, Kept>,
    calls: VecDeque<(CallId, Talk)>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    left_out: u64,
}

/// What a server printed on its standard error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaints {
    /// The latest of it. Untrusted text.
    pub text: String,
    /// Bytes before it that found no room.
    pub left_out: u64,
}

/// The messages about one call.
#[derive(Debug, Clone, Default)]
pub struct Talk {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Messages that found no room.
    pub left_out: u64,
    bytes: usize,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// When, since the program began to listen.
    pub at: Duration,
    /// Who sent it.
    pub by: Party,
    /// Its text as it was sent, perhaps cut. Untrusted text.
    pub text: Arc<str>,
    /// Bytes that were cut off.
    pub cut: usize,
}

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// This program.
    Us,
    /// The server.
    Server,
}

impl Default for Wiretap {
    fn default() -> Self {
        Self(Arc::new(Shared {
            started: Instant::now(),
            heard: Mutex::default(),
            news: watch::Sender::new(0),
        }))
    }
}

impl Wiretap {
    /// Takes what a server printed on its standard error.
    pub fn complained(&self, server: &ServerName, bytes: &[u8]) {
        let mut heard = self.heard();
        let kept = heard.complaints.entry(server.clone()).or_default();
        kept.bytes.extend(bytes);
        let beyond = kept.bytes.len().saturating_sub(COMPLAINTS);
        kept.bytes.drain(..beyond);
        kept.left_out += beyond as u64;
        drop(heard);
        self.tell();
    }

    /// The latest complaints of a server.
    pub fn complaints(&self, server: &ServerName) -> Complaints {
        let heard = self.heard();
        let Some(kept) = heard.complaints.get(server) else {
            return Complaints::default();
        };
        let bytes: Vec<u8> = kept.bytes.iter().copied().collect();
        Complaints {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            left_out: kept.left_out,
        }
    }

    /// News of anything that was heard.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }

    fn tell(&self) {
        self.0.news.send_modify(|count| *count += 1);
    }

    /// Takes a message about a call.
    pub fn said(&self, call: CallId, by: Party, text: &str) {
        let at = self.0.started.elapsed();
        let mut heard = self.heard();
        if heard.calls.iter().all(|(known, _)| *known != call) {
            if heard.calls.len() >= CALLS {
                heard.calls.pop_front();
            }
            heard.calls.push_back((call, Talk::default()));
        }
        let talk = heard.calls.iter_mut().rev().find(|(id, _)| *id == call);
        if let Some((_, talk)) = talk {
            talk.add(at, by, text);
        }
        drop(heard);
        self.tell();
    }

    /// The messages about a call, where they are still kept.
    pub fn talk(&self, call: CallId) -> Option<Talk> {
        let heard = self.heard();
        let mut calls = heard.calls.iter();
        calls
            .find(|(known, _)| *known == call)
            .map(|(_, talk)| talk.clone())
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Talk {
    fn add(&mut self, at: Duration, by: Party, text: &str) {
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
        let wiretap = Wiretap::default();
        let server = ServerName::new("s");
        for _ in 0..40 {
            wiretap.complained(&server, &[b'x'; 4096]);
        }
        wiretap.complained(&server, b"end");
        let complaints = wiretap.complaints(&server);
        assert_eq!(complaints.text.len(), COMPLAINTS);
        assert!(complaints.text.ends_with("xend"));
        assert_eq!(complaints.left_out, (40 * 4096 + 3 - COMPLAINTS) as u64);
        for _ in 0..10 {
            wiretap.said(CallId::MIN, Party::Server, &"y".repeat(MESSAGE + 5));
        }
        let talk = wiretap.talk(CallId::MIN).expect("its messages");
        assert_eq!((talk.messages.len(), talk.left_out), (8, 2));
        assert_eq!(talk.messages[0].cut, 5);
        for index in 1..=CALLS {
            wiretap.said(CallId::from_index(index), Party::Us, "{}");
        }
        assert!(wiretap.talk(CallId::MIN).is_none(), "the oldest goes");
        assert!(wiretap.talk(CallId::from_index(CALLS)).is_some());
    }
}
