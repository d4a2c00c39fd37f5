//! Parts of an answer that have come so far, for the reason of a call that is
//! stopped before the whole is there.

use std::fmt;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use super::client::CONNECT_TIMEOUT;
use crate::model::PartialAnswer;

/// Parts of the answer to one request that have come.
#[derive(Debug)]
pub(in crate::exec) struct Heard {
    created: Instant,
    /// Milliseconds from `created` to when the request was last given to a
    /// connection.
    sending: AtomicU64,
    /// Status, zero before it came.
    status: AtomicU16,
    /// Bytes of the body.
    bytes: AtomicU64,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            created: Instant::now(),
            sending: AtomicU64::new(0),
            status: AtomicU16::new(0),
            bytes: AtomicU64::new(0),
        }
    }
}

impl Heard {
    /// Records that the request is given to a connection, made for it or not.
    pub(in crate::exec) fn note_sending(&self) {
        let since = self.created.elapsed().as_millis() as u64;
        self.sending.store(since, Ordering::Relaxed);
    }

    /// Records that status and headers came.
    pub(in crate::exec) fn note_head(&self, status: StatusCode) {
        self.status.store(status.as_u16(), Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Returns what came so far.
    pub(in crate::exec) fn so_far(&self) -> PartialAnswer {
        let status = self.status.load(Ordering::Relaxed);
        let sending = Duration::from_millis(self.sending.load(Ordering::Relaxed));
        let waited = self.created.elapsed().saturating_sub(sending);
        PartialAnswer {
            is_connected: is_connected(status, waited),
            status: (status > 0).then_some(status),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// Records a piece of the body.
    pub(in crate::exec) fn note_piece(&self, piece: &[u8]) {
        let bytes = piece.len() as u64;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Whether the connection stands for certain, by the status and the time since
/// the request was given to it: connecting has a limit of its own, and would
/// have failed.
fn is_connected(status: u16, waited: Duration) -> bool {
    status > 0 || waited > CONNECT_TIMEOUT + Duration::from_secs(1)
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.load(Ordering::Relaxed);
        let bytes = self.bytes.load(Ordering::Relaxed);
        match (status, bytes) {
            (0, _) => f.write_str("no answer began: neither a status nor whole headers came"),
            (_, 0) => write!(
                f,
                "status {status} and headers came, and nothing of the body"
            ),
            (_, 1) => write!(
                f,
                "status {status} and 1 byte of the body came, and not its end"
            ),
            _ => write!(
                f,
                "status {status} and {bytes} bytes of the body came, and not its end"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_stands_once_connecting_would_have_failed() {
        assert!(!is_connected(0, Duration::from_secs(3)));
        assert!(is_connected(0, CONNECT_TIMEOUT * 2));
        assert!(is_connected(200, Duration::ZERO));
    }

    #[test]
    fn the_words_follow_what_came() {
        let heard = Heard::default();
        assert!(heard.to_string().starts_with("no answer began"));
        heard.note_head(StatusCode::OK);
        assert_eq!(
            heard.to_string(),
            "status 200 and headers came, and nothing of the body"
        );
        heard.note_piece(b"ab");
        assert_eq!(
            heard.to_string(),
            "status 200 and 2 bytes of the body came, and not its end"
        );
    }
}
