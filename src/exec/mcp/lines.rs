//! LineReader out of a pipe, each with a bound.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest message that is taken, in bytes.
pub(super) const MAX_MESSAGE: usize = 16 << 20;

/// Longest line that is still looked at for what it answers, in bytes.
const MAX_KEPT_LINE: usize = 4 * MAX_MESSAGE;

/// Bytes read at once.
const READ_SIZE: usize = 64 << 10;

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Within [`MAX_MESSAGE`].
    Whole(Vec<u8>),
    /// Longer; empty where it was too long to be kept at all.
    Oversized(Vec<u8>),
}

/// Cuts what is read into lines.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    from: R,
    buffer: Vec<u8>,
    /// Bytes of the buffer that hold no line feed.
    searched: usize,
    /// Whether the rest of a line is passed over.
    is_skipping: bool,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            searched: 0,
            is_skipping: false,
        }
    }

    /// The next line; `None` at the end. A last line without its end is none.
    /// Nothing is lost where the wait is given up.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(line) = self.split_line() {
                return Ok(Some(line));
            }
            self.buffer.reserve(READ_SIZE);
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn split_line(&mut self) -> Option<Line> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(at) = memchr::memchr(b'\n', fresh) else {
            self.searched = self.buffer.len();
            if self.searched > MAX_KEPT_LINE {
                self.is_skipping = true;
                self.buffer = Vec::new();
                self.searched = 0;
            }
            return None;
        };
        let rest = self.buffer.split_off(self.searched + at + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        self.searched = 0;
        line.pop();
        if std::mem::take(&mut self.is_skipping) || line.len() > MAX_KEPT_LINE {
            return Some(Line::Oversized(Vec::new()));
        }
        Some(match line.len() {
            0..=MAX_MESSAGE => Line::Whole(line),
            _ => Line::Oversized(line),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(bytes: Vec<u8>) -> Vec<Line> {
        let mut lines = LineReader::new(bytes.as_slice());
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.expect("memory can be read") {
            found.push(line);
        }
        found
    }

    #[tokio::test]
    async fn lines_are_cut_and_the_last_half_is_none() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(
            lines_of(b"a\n\nbc\nd".to_vec()).await,
            [whole("a"), whole(""), whole("bc")]
        );
    }

    #[tokio::test]
    async fn long_lines_are_told_apart_and_the_next_one_is_whole() {
        let mut bytes = vec![b'x'; MAX_MESSAGE + 1];
        bytes.extend(b"\n");
        bytes.extend(vec![b'y'; MAX_KEPT_LINE + READ_SIZE * 2]);
        bytes.extend(b"\nz\n");
        let found = lines_of(bytes).await;
        assert!(matches!(&found[0], Line::Oversized(line) if line.len() == MAX_MESSAGE + 1));
        assert_eq!(found[1], Line::Oversized(Vec::new()));
        assert_eq!(found[2], Line::Whole(b"z".to_vec()));
    }
}
