//! Steps of a search: their requests and results.

use super::Streams;
use crate::model::AttemptNo;

/// One step of a search: its streams, start, direction and budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchRequest {
    /// Attempt; `None` is the last one.
    pub attempt: Option<AttemptNo>,
    /// Streams of the attempt.
    pub streams: Streams,
    /// The first line that may be found.
    pub from: u64,
    /// Direction of the search.
    pub direction: Direction,
    /// Number of bytes that are searched before [`SearchProgress::NotYet`] is answered;
    /// at least one block is.
    pub budget_bytes: u64,
}

/// Direction of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// To later lines.
    #[default]
    Forward,
    /// To earlier lines.
    Backward,
}

/// Result of one step of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchProgress {
    /// This line matches.
    At(u64),
    /// No match so far; the next step begins at this line.
    NotYet {
        /// Line at which the next step begins.
        from: u64,
    },
    /// No match up to the end.
    Nothing,
}
