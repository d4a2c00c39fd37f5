//! Splits the output of a server into lines of bounded length.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of the longest message that is taken.
pub(super) const MAX_MESSAGE: usize = 16 << 20;

/// Bytes of the longest line that is kept to see which request it answers.
const MAX_KEPT_LINE: usize = 4 * MAX_MESSAGE;

/// Bytes of an even longer line after which the reader gives up.
const MAX_LINE: u64 = 16 * MAX_MESSAGE as u64;

/// Bytes kept of the beginning and of the end of such a line: an id stands at
/// one of them.
const MAX_EDGE: usize = 4 << 10;

/// Bytes read at once.
const READ_SIZE: usize = 64 << 10;

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Within [`MAX_MESSAGE`].
    Whole(Vec<u8>),
    /// Longer, but whole.
    Oversized(Vec<u8>),
    /// Beginning of a line that is too long to be kept; its end follows.
    Start(Vec<u8>),
    /// End of such a line.
    End(Vec<u8>),
}

/// Error of a pipe, or a line that never ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("its output cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("it sent a line of more than {} MiB", MAX_LINE >> 20)]
    Endless,
}

/// Reads lines.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    from: R,
    buffer: Vec<u8>,
    /// Bytes of the buffer that hold no line feed.
    searched: usize,
    /// Bytes of the line so far that are being skipped; `None` outside of one.
    skipped: Option<u64>,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            searched: 0,
            skipped: None,
        }
    }

    /// Returns the next line, or `None` at the end. A last line without line
    /// feed is left in [`LineReader::rest`]. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Line>, LineError> {
        loop {
            if let Some(line) = self.split_line()? {
                return Ok(Some(line));
            }
            self.buffer.reserve(READ_SIZE);
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Returns what came after the last line feed.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer
    }

    fn split_line(&mut self) -> Result<Option<Line>, LineError> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(at) = memchr::memchr(b'\n', fresh) else {
            self.searched = self.buffer.len();
            return self.bound_buffer();
        };
        let rest = self.buffer.split_off(self.searched + at + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        self.searched = 0;
        line.pop();
        if self.skipped.take().is_some() {
            return Ok(Some(Line::End(line.split_off(edge(&line)))));
        }
        Ok(Some(match line.len() {
            0..=MAX_MESSAGE => Line::Whole(line),
            _ => Line::Oversized(line),
        }))
    }

    /// Drops all but the edge of a line that is too long.
    fn bound_buffer(&mut self) -> Result<Option<Line>, LineError> {
        if let Some(skipped) = &mut self.skipped {
            let tail = self.buffer.split_off(edge(&self.buffer));
            *skipped += self.buffer.len() as u64;
            let is_endless = *skipped > MAX_LINE;
            self.buffer = tail;
            self.searched = self.buffer.len();
            return if is_endless {
                Err(LineError::Endless)
            } else {
                Ok(None)
            };
        }
        if self.buffer.len() <= MAX_KEPT_LINE {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.buffer);
        self.searched = 0;
        self.skipped = Some(line.len() as u64);
        line.truncate(MAX_EDGE);
        Ok(Some(Line::Start(line)))
    }
}

fn edge(line: &[u8]) -> usize {
    line.len().saturating_sub(MAX_EDGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(from: impl AsyncRead + Unpin) -> Vec<Line> {
        let mut lines = LineReader::new(from);
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
            lines_of(&b"a\n\nbc\nd"[..]).await,
            [whole("a"), whole(""), whole("bc")]
        );
    }

    #[tokio::test]
    async fn long_lines_are_told_apart_and_the_next_one_is_whole() {
        let oversized = tokio::io::repeat(b'x').take(MAX_MESSAGE as u64 + 1);
        let endless = tokio::io::repeat(b'y').take(MAX_KEPT_LINE as u64 + 200_000);
        let from = oversized
            .chain(&b"\n"[..])
            .chain(endless)
            .chain(&b"end\nz\n"[..]);
        let found = lines_of(from).await;
        assert!(matches!(&found[0], Line::Oversized(line) if line.len() == MAX_MESSAGE + 1));
        assert!(matches!(&found[1], Line::Start(head) if head.len() == MAX_EDGE));
        assert!(matches!(&found[2], Line::End(tail) if tail.ends_with(b"end")));
        assert_eq!(found[3], Line::Whole(b"z".to_vec()));
    }

    #[tokio::test]
    async fn a_line_that_never_ends_is_an_error_and_takes_no_memory() {
        let mut lines = LineReader::new(tokio::io::repeat(b'x'));
        assert!(matches!(lines.next().await, Ok(Some(Line::Start(_)))));
        assert!(matches!(lines.next().await, Err(LineError::Endless)));
        assert!(lines.buffer.capacity() <= MAX_KEPT_LINE);
    }
}
