//! Output since the last look, for the lines of events.

use std::sync::Arc;

use super::Stream;
use super::lines::Lines;
use super::output_view::OutputView;
use super::store::Store;
use crate::model::{AttemptNo, CallId};

/// A piece of output of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Attempt that printed it.
    pub attempt: AttemptNo,
    /// Stream that it was printed on.
    pub stream: Stream,
    /// The latest of it, as lossy UTF-8. Untrusted text.
    pub text: Arc<str>,
    /// Number of bytes before `text` that were left out.
    pub left_out_bytes: u64,
}

/// Position up to which the output of a call was taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct PieceCursor {
    attempt: AttemptNo,
    bytes: [u64; 2],
}

impl Store {
    /// Returns the output of a call since `seen`, at most `limit` bytes a
    /// stream, and moves `seen` behind it. The beginning of a character whose rest has not been
    /// printed yet is left for the next time.
    pub fn take_pieces(&self, call: CallId, seen: &mut PieceCursor, limit: usize) -> Vec<Piece> {
        let Some(output) = self.shared.output(call) else {
            return Vec::new();
        };
        let Some(attempt) = output.attempt(None) else {
            return Vec::new();
        };
        if seen.attempt != attempt.number {
            *seen = PieceCursor {
                attempt: attempt.number,
                ..PieceCursor::default()
            };
        }
        let picture = OutputView::take(&attempt, 0);
        let mut pieces = Vec::new();
        for stream in [Stream::Stdout, Stream::Stderr] {
            let view = picture.view(stream);
            let from = view.total.saturating_sub(limit as u64);
            let from = from.max(seen.bytes[stream.index()]);
            let bytes = Lines::new(view).copy(from..view.total);
            let whole = bytes.len() - unfinished(&bytes);
            if whole == 0 {
                continue;
            }
            pieces.push(Piece {
                attempt: attempt.number,
                stream,
                text: String::from_utf8_lossy(&bytes[..whole]).into(),
                left_out_bytes: from - seen.bytes[stream.index()],
            });
            seen.bytes[stream.index()] = from + whole as u64;
        }
        pieces
    }
}

/// Bytes at the end that begin a character without ending it.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let is_start = |byte: &u8| *byte >= 0xC0;
    let Some(start) = tail.iter().rposition(is_start) else {
        return 0;
    };
    match std::str::from_utf8(&tail[start..]) {
        Err(error) if error.error_len().is_none() => tail.len() - start,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Bounds;

    #[test]
    fn pieces_go_on_where_the_last_ones_ended() {
        let store = Store::new(None, Bounds::default());
        let call = CallId::from_index(0);
        let sink = store.sink(call, AttemptNo(1));
        let mut seen = PieceCursor::default();
        sink.write(Stream::Stdout, "grün".as_bytes());
        sink.write(Stream::Stderr, b"0123456789");
        let pieces = store.take_pieces(call, &mut seen, 5);
        assert_eq!(&*pieces[0].text, "grün");
        assert_eq!((&*pieces[1].text, pieces[1].left_out_bytes), ("56789", 5));
        assert_eq!(store.take_pieces(call, &mut seen, 5), []);
        let (first, rest) = "ü".as_bytes().split_at(1);
        sink.write(Stream::Stdout, first);
        assert_eq!(store.take_pieces(call, &mut seen, 5), []);
        sink.write(Stream::Stdout, rest);
        assert_eq!(&*store.take_pieces(call, &mut seen, 5)[0].text, "ü");
    }
}
