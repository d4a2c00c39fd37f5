//! Bytes on their way: a stream cut into lines, and what waits to be written.

use std::collections::VecDeque;

use memchr::memchr;

/// The longest line that is read, in bytes. Longer ones pass in pieces, unread.
pub(super) const LINE_BYTES: usize = 16 << 20;

/// Room that is kept once a long line has passed, in bytes.
const KEPT_ROOM: usize = 256 * 1024;

/// A piece of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A line with its end; the last one of a stream may have none.
    Line(Vec<u8>),
    /// A part of a line that is too long to be read.
    Part {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether the line ends with it.
        is_last: bool,
    },
}

/// Cuts a stream into lines.
#[derive(Debug, Default)]
pub(super) struct LineCutter {
    buffer: Vec<u8>,
    /// Bytes of the buffer that were handed out.
    taken: usize,
    /// Bytes of the buffer in which no line ends, or which were handed out.
    searched: usize,
    /// Whether the line at hand was found too long.
    is_long: bool,
}

impl LineCutter {
    /// Adds bytes that were read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT_ROOM);
        } else {
            self.buffer.drain(..self.taken);
        }
        self.searched -= self.taken;
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next piece; `None` until more is pushed.
    pub(super) fn next_piece(&mut self) -> Option<Piece> {
        let new = self.buffer.get(self.searched..)?;
        let end = memchr(b'\n', new).map(|at| self.searched + at + 1);
        let is_long = self.is_long || self.buffer.len() - self.taken > LINE_BYTES;
        let Some(end) = end else {
            self.searched = self.buffer.len();
            if is_long && self.taken < self.searched {
                self.is_long = true;
                return self.part(self.searched, false);
            }
            return None;
        };
        self.searched = end;
        if self.is_long || end - self.taken > LINE_BYTES {
            self.is_long = false;
            return self.part(end, true);
        }
        self.take(end).map(Piece::Line)
    }

    /// Returns what is left when the stream has ended.
    pub(super) fn rest(&mut self) -> Option<Piece> {
        let end = self.buffer.len();
        if self.taken == end {
            return None;
        }
        if self.is_long {
            return self.part(end, true);
        }
        self.searched = end;
        self.take(end).map(Piece::Line)
    }

    fn part(&mut self, end: usize, is_last: bool) -> Option<Piece> {
        let bytes = self.take(end)?;
        Some(Piece::Part { bytes, is_last })
    }

    fn take(&mut self, end: usize) -> Option<Vec<u8>> {
        let bytes = self.buffer.get(self.taken..end)?.to_vec();
        self.taken = end;
        Some(bytes)
    }
}

/// Messages that wait to be written in one direction. What fanout adds stands
/// between messages, never within one that passes in parts.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pieces: VecDeque<Vec<u8>>,
    /// Bytes of the first piece that were written.
    written: usize,
    bytes: usize,
    /// Whether the last piece is not the end of its line.
    is_within_line: bool,
    /// Lines that wait for that end.
    deferred: Vec<Vec<u8>>,
}

impl Outgoing {
    /// Adds a whole line.
    pub(super) fn line(&mut self, line: Vec<u8>) {
        if self.is_within_line {
            self.deferred.push(line);
        } else {
            self.add(line);
        }
    }

    /// Adds a part of a line.
    pub(super) fn part(&mut self, bytes: Vec<u8>, is_last: bool) {
        self.add(bytes);
        self.is_within_line = !is_last;
        if is_last {
            for line in std::mem::take(&mut self.deferred) {
                self.add(line);
            }
        }
    }

    fn add(&mut self, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        self.pieces.push_back(bytes);
    }

    /// Returns the bytes to be written next.
    pub(super) fn next_bytes(&self) -> &[u8] {
        let first = self.pieces.front();
        first
            .and_then(|piece| piece.get(self.written..))
            .unwrap_or_default()
    }

    /// Takes off bytes that were written.
    pub(super) fn advance(&mut self, count: usize) {
        self.bytes -= count;
        self.written += count;
        while let Some(first) = self.pieces.front()
            && self.written >= first.len()
        {
            self.written -= first.len();
            self.pieces.pop_front();
        }
    }

    /// Drops everything: nobody reads it.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns the number of bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces of a stream that comes in steps of this length.
    fn pieces(stream: &[u8], step: usize) -> Vec<Piece> {
        let mut cutter = LineCutter::default();
        let mut pieces = Vec::new();
        for bytes in stream.chunks(step) {
            cutter.push(bytes);
            pieces.extend(std::iter::from_fn(|| cutter.next_piece()));
        }
        pieces.extend(cutter.rest());
        pieces
    }

    fn bytes(pieces: &[Piece]) -> Vec<u8> {
        let each = pieces.iter().map(|piece| match piece {
            Piece::Line(bytes) | Piece::Part { bytes, .. } => bytes.as_slice(),
        });
        each.collect::<Vec<_>>().concat()
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_stream_is_cut(
            stream in "[ab\n\r]{0,60}", step in 1usize..9
        ) {
            let lines: Vec<Vec<u8>> = stream
                .split_inclusive('\n')
                .map(|line| line.as_bytes().to_vec())
                .collect();
            let expected: Vec<Piece> = lines.into_iter().map(Piece::Line).collect();
            prop_assert_eq!(pieces(stream.as_bytes(), step), expected);
        }
    }

    #[test]
    fn a_line_that_is_too_long_passes_in_parts() {
        let mut stream = b"first\n".to_vec();
        stream.extend(vec![b'x'; 2 * LINE_BYTES + 5]);
        stream.extend_from_slice(b"\nlast\n");
        let pieces = pieces(&stream, 1 << 20);
        assert_eq!(bytes(&pieces), stream);
        let lines = pieces.iter().filter(|it| matches!(it, Piece::Line(_)));
        assert_eq!(lines.count(), 2);
        let ends = |it: &&Piece| matches!(it, Piece::Part { is_last: true, .. });
        assert_eq!(pieces.iter().filter(ends).count(), 1);
        assert_eq!(pieces.last(), Some(&Piece::Line(b"last\n".to_vec())));
    }

    #[test]
    fn nothing_is_put_into_the_middle_of_a_line() {
        let mut outgoing = Outgoing::default();
        outgoing.part(b"be".to_vec(), false);
        outgoing.line(b"own\n".to_vec());
        outgoing.part(b"gin\n".to_vec(), true);
        outgoing.line(b"after\n".to_vec());
        let mut written = Vec::new();
        while !outgoing.is_empty() {
            let next = outgoing.next_bytes();
            let count = next.len().min(3);
            written.extend_from_slice(&next[..count]);
            outgoing.advance(count);
        }
        assert_eq!(written, b"begin\nown\nafter\n");
        assert_eq!(outgoing.bytes(), 0);
    }
}
