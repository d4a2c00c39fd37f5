//! Searching output, a bounded piece at a time.

use super::pattern::Pattern;
use super::reader::Reader;
use super::seeker::Seeker;
use super::{Stream, Streams};
use crate::model::{AttemptNo, CallId};

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

impl Reader {
    /// Finds the next line that matches. The work is bounded by the
    /// request's budget, whatever the size of the output.
    pub fn search(
        &self,
        call: CallId,
        request: &SearchRequest,
        pattern: &Pattern,
    ) -> SearchProgress {
        let Some(picture) = self.find_picture(call, request.attempt) else {
            return SearchProgress::Nothing;
        };
        let total = picture.total(request.streams);
        let Some(last) = total.checked_sub(1) else {
            return SearchProgress::Nothing;
        };
        let is_past_the_end = request.direction == Direction::Forward && request.from > last;
        if is_past_the_end {
            return SearchProgress::Nothing;
        }
        let from = request.from.min(last);
        let answers = streams(request.streams).map(|stream| {
            let mut seeker = Seeker::new(&picture, stream, pattern);
            seeker.seek(request, from)
        });
        answers
            .reduce(|one, other| nearer(one, other, request.direction))
            .unwrap_or(SearchProgress::Nothing)
    }
}

pub(super) fn streams(streams: Streams) -> impl Iterator<Item = Stream> {
    let is_chosen = move |stream: &Stream| match streams {
        Streams::Both => true,
        Streams::Only(only) => only == *stream,
    };
    Stream::BOTH.into_iter().filter(is_chosen)
}

/// Returns the nearer of two streams' results.
fn nearer(one: SearchProgress, other: SearchProgress, direction: Direction) -> SearchProgress {
    let place = |found: SearchProgress| match (found, direction) {
        (SearchProgress::At(line) | SearchProgress::NotYet { from: line }, Direction::Forward) => {
            line
        }
        (SearchProgress::At(line) | SearchProgress::NotYet { from: line }, Direction::Backward) => {
            u64::MAX - line
        }
        (SearchProgress::Nothing, _) => u64::MAX,
    };
    match (one, other) {
        (SearchProgress::Nothing, only) | (only, SearchProgress::Nothing) => only,
        _ if place(other) < place(one) => other,
        _ => one,
    }
}
