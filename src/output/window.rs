//! Windows of lines: requests and answers of a reader.

use std::time::Duration;

use super::{Safe, Stream, Streams};
use crate::model::AttemptNo;

/// Which lines of a call's output are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WindowRequest {
    /// Which attempt; `None` is the last one.
    pub attempt: Option<AttemptNo>,
    /// Which of its streams.
    pub streams: Streams,
    /// Where to begin.
    pub from: Position,
    /// How many lines at most.
    pub count: usize,
    /// How lines are shown.
    pub form: LineForm,
}

/// How a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LineForm {
    /// As a terminal would: in its colours, and in its last state where
    /// carriage returns rewrote it.
    #[default]
    Shown,
    /// Every byte of it: what is no text is named (`^[`, `^I`, `<FF>`).
    Raw,
}

/// Where a window begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Position {
    /// At the line with this number, from 0.
    Line(u64),
    /// So that it ends with the last line: following.
    #[default]
    Tail,
}

/// Some lines of a call's output. Numbers count all lines ever printed, those
/// that were dropped included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// The attempt it shows.
    pub attempt: AttemptNo,
    /// Attempts that can be shown, oldest first.
    pub attempts: Vec<AttemptNo>,
    /// Grows with every piece of output of the call.
    pub generation: u64,
    /// Number of its first line. Differs from the one asked for where that
    /// line was dropped: the window then begins with the row that says so.
    pub first: u64,
    /// Lines in all.
    pub total_lines: u64,
    /// The lines.
    pub lines: Vec<OutputLine>,
    /// Bytes of the chosen streams that are neither in memory nor on disk.
    pub dropped_bytes: u64,
    /// Lines of which nothing is left.
    pub dropped_lines: u64,
}

/// One row of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// Its number, from 0. To scroll on from this row, ask for its number or
    /// for that of another row: numbers have holes where lines were dropped.
    pub number: u64,
    /// The stream it was printed to.
    pub stream: Stream,
    /// Its text, the last state only where carriage returns rewrote it.
    pub text: Safe,
    /// When it was completed, counted from the start of the store; `None` for
    /// an unfinished line.
    pub at: Option<Duration>,
    /// Kind of the row.
    pub kind: LineKind,
}

/// Kind of a row of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// A line that was printed.
    Whole,
    /// A line whose beginning or end was dropped.
    Cut,
    /// No line, but the place where this many lines were dropped.
    Dropped {
        /// How many.
        lines: u64,
    },
}
