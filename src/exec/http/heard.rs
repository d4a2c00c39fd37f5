//! Parts of an answer that have come so far, for the reason of a call that is
//! stopped before the whole is there.

use std::fmt;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

use reqwest::StatusCode;

use crate::model::PartialAnswer;

/// Parts of the answer to one request that have come.
#[derive(Debug, Default)]
pub(in crate::exec) struct Heard {
    /// Status, zero before it came.
    status: AtomicU16,
    /// Bytes of the body.
    bytes: AtomicU64,
}

impl Heard {
    /// Records that status and headers came.
    pub(in crate::exec) fn note_head(&self, status: StatusCode) {
        self.status.store(status.as_u16(), Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Returns what came so far.
    pub(in crate::exec) fn so_far(&self) -> PartialAnswer {
        let status = self.status.load(Ordering::Relaxed);
        PartialAnswer {
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
