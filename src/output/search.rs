//! Searching output, a bounded piece at a time.

use super::pattern::Pattern;
use super::reader::OutputReader;
use super::search_request::{Direction, SearchProgress, SearchRequest};
use super::seeker::Seeker;
use super::{Stream, Streams};
use crate::model::CallId;

impl OutputReader {
    /// Finds the next line that matches. The work is bounded by the
    /// request's budget, whatever the size of the output.
    pub fn search(
        &self,
        call: CallId,
        request: &SearchRequest,
        pattern: &Pattern,
    ) -> SearchProgress {
        let Some(picture) = self.find_view(call, request.attempt) else {
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
