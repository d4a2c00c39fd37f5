//! Frames as bytes.

use std::borrow::Cow;

use memchr::memchr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The longest header, in bytes, its line's end included.
pub const HEADER_BYTES: usize = 64 * 1024;

/// The longest body, in bytes.
pub const BODY_BYTES: usize = 16 << 20;

/// Bytes that cannot be a frame of this protocol. The connection is of no use
/// after one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No end of the line within the bound.
    #[error("a header is longer than 64 KiB")]
    HeaderTooLong,
    /// The body's length is beyond the bound.
    #[error("a body of {len} bytes is longer than 16 MiB")]
    BodyTooLong {
        /// Length that the header tells.
        len: u64,
    },
    /// The header is not what its frame needs.
    #[error("a header is malformed: {reason}")]
    Malformed {
        /// The parser's words.
        reason: String,
    },
}

/// A frame as it came: its header's line, and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFrame {
    line: Vec<u8>,
    /// The body; `None` where the header tells of none.
    pub body: Option<Vec<u8>>,
}

/// The fields of a header that its framing needs.
#[derive(Deserialize)]
struct Framing<'a> {
    #[serde(borrow)]
    frame: Cow<'a, str>,
    len: Option<u64>,
}

impl RawFrame {
    /// Returns the frame's name.
    pub(super) fn name(&self) -> Result<Cow<'_, str>, FrameError> {
        Ok(framing(&self.line)?.frame)
    }

    /// Reads the header's fields.
    pub(super) fn header<T: DeserializeOwned>(&self) -> Result<T, FrameError> {
        serde_json::from_slice(&self.line).map_err(|error| FrameError::malformed(&error))
    }
}

impl FrameError {
    fn malformed(error: &serde_json::Error) -> Self {
        Self::Malformed {
            reason: error.to_string(),
        }
    }
}

fn framing(line: &[u8]) -> Result<Framing<'_>, FrameError> {
    serde_json::from_slice(line).map_err(|error| FrameError::malformed(&error))
}

/// Cuts a stream of bytes into frames. It holds one frame's bytes at most,
/// beside what was pushed at once.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    /// Bytes of the buffer that were taken as frames.
    taken: usize,
    /// Header whose body is not complete yet.
    header: Option<PendingHeader>,
}

#[derive(Debug)]
struct PendingHeader {
    line: Vec<u8>,
    len: usize,
}

impl FrameReader {
    /// Adds bytes that were read.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next complete frame; `None` until more bytes are pushed.
    pub fn next_frame(&mut self) -> Result<Option<RawFrame>, FrameError> {
        if self.header.is_none() {
            let Some(line) = self.line()? else {
                return Ok(None);
            };
            let Some(len) = framing(&line)?.len else {
                return Ok(Some(RawFrame { line, body: None }));
            };
            if len > BODY_BYTES as u64 {
                return Err(FrameError::BodyTooLong { len });
            }
            let len = len as usize;
            self.header = Some(PendingHeader { line, len });
        }
        Ok(self.with_body())
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let rest = self.rest();
        match memchr(b'\n', rest.get(..HEADER_BYTES).unwrap_or(rest)) {
            Some(end) => {
                let line = rest.get(..end).unwrap_or_default().to_vec();
                self.taken += end + 1;
                Ok(Some(line))
            }
            None if rest.len() >= HEADER_BYTES => Err(FrameError::HeaderTooLong),
            None => Ok(None),
        }
    }

    fn with_body(&mut self) -> Option<RawFrame> {
        let PendingHeader { line, len } = self.header.take()?;
        let Some(body) = self.rest().get(..len) else {
            self.header = Some(PendingHeader { line, len });
            return None;
        };
        let body = Some(body.to_vec());
        self.taken += len;
        Some(RawFrame { line, body })
    }
}

/// Returns the bytes of a frame. A header that is too long for the protocol is
/// the caller's matter: what others wrote must be bounded before it gets here.
pub fn encode<F: Serialize>(frame: &F, body: Option<&[u8]>) -> Vec<u8> {
    // The types of frames have text keys and no failing parts.
    let mut bytes = serde_json::to_vec(frame).unwrap_or_default();
    if let Some(body) = body {
        bytes.pop();
        bytes.extend_from_slice(format!(",\"len\":{}}}", body.len()).as_bytes());
    }
    bytes.push(b'\n');
    bytes.extend_from_slice(body.unwrap_or_default());
    bytes
}
