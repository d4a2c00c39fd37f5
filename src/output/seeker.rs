//! Finds matching lines of one stream, block by block.

use std::ops::Range;

use super::Stream;
use super::lines::Lines;
use super::output_view::OutputView;
use super::pattern::{GoesOn, Pattern};
use super::search_request::{Direction, SearchProgress, SearchRequest};

/// Bytes of a line that are searched at once. A longer line is searched in
/// pieces, each with the end of the one before it.
pub const SEARCHED_AT_ONCE: u64 = 16 << 20;

/// Bytes that two pieces share: the longest match that is surely found where
/// it lies across two of them.
const SHARED_BYTES: u64 = 1 << 20;

/// Searches one stream of a view.
#[derive(Debug)]
pub(super) struct Seeker<'a> {
    picture: &'a OutputView,
    stream: Stream,
    pattern: &'a Pattern,
    lines: Lines<'a>,
    /// Number of bytes searched so far.
    searched: u64,
    piece_bytes: u64,
    shared_bytes: u64,
}

impl<'a> Seeker<'a> {
    pub(super) fn new(picture: &'a OutputView, stream: Stream, pattern: &'a Pattern) -> Self {
        Self {
            picture,
            stream,
            pattern,
            lines: Lines::new(picture.view(stream)),
            searched: 0,
            piece_bytes: SEARCHED_AT_ONCE,
            shared_bytes: SHARED_BYTES,
        }
    }

    /// Searches from a line of the chosen streams on.
    pub(super) fn seek(&mut self, request: &SearchRequest, from: u64) -> SearchProgress {
        let (picture, stream, direction) = (self.picture, self.stream, request.direction);
        let before = |number| picture.lines_before(request.streams, stream, number);
        let (wanted, start) = match direction {
            Direction::Forward => (before(from)..u64::MAX, Some(before(from))),
            Direction::Backward => (0..before(from + 1), before(from + 1).checked_sub(1)),
        };
        let Some(mut block) = start.and_then(|line| self.lines.block_of(line)) else {
            return SearchProgress::Nothing;
        };
        loop {
            if self.searched > 0 && self.searched >= request.budget_bytes {
                return self.not_yet(request, block);
            }
            let mut hits = self.hits(block, &wanted).into_iter();
            let hit = match direction {
                Direction::Forward => hits.next(),
                Direction::Backward => hits.next_back(),
            };
            if let Some(line) = hit {
                let number = picture.number_of(request.streams, stream, line);
                return number.map_or(SearchProgress::Nothing, SearchProgress::At);
            }
            let next = match direction {
                Direction::Forward => Some(block + 1).filter(|block| *block < self.blocks()),
                Direction::Backward => block.checked_sub(1),
            };
            match next {
                Some(next) => block = next,
                None => return SearchProgress::Nothing,
            }
        }
    }

    /// Blocks of the stream.
    pub(super) fn blocks(&self) -> usize {
        self.picture.view(self.stream).len()
    }

    /// The block in which a line begins.
    pub(super) fn block_of(&mut self, line: u64) -> Option<usize> {
        self.lines.block_of(line)
    }

    /// Number of bytes searched so far, at least 1 a block.
    pub(super) fn searched(&self) -> u64 {
        self.searched
    }

    /// Where to go on: with the first line that begins in the next block or
    /// later, or with the last one that begins in it or earlier.
    fn not_yet(&mut self, request: &SearchRequest, block: usize) -> SearchProgress {
        let line = match request.direction {
            Direction::Forward => block.checked_sub(1).map(|before| self.line_after(before)),
            Direction::Backward => self.line_after(block).checked_sub(1),
        };
        let number = line.and_then(|line| {
            let streams = request.streams;
            self.picture.number_of(streams, self.stream, line)
        });
        number.map_or(SearchProgress::Nothing, |from| SearchProgress::NotYet {
            from,
        })
    }

    /// The first line that begins after a block.
    pub(super) fn line_after(&mut self, block: usize) -> u64 {
        let view = self.picture.view(self.stream);
        if block + 1 >= view.len() {
            return view.lines();
        }
        let start = view.range(block + 1).start;
        view.newlines_before(block + 1) + u64::from(self.lines.is_mid_line(start))
    }

    /// The wanted lines that begin in a block and match.
    pub(super) fn hits(&mut self, block: usize, wanted: &Range<u64>) -> Vec<u64> {
        let mut hits = Vec::new();
        let Some((mut line, start, last)) = self.lines.beginning_in(block) else {
            return hits;
        };
        let pattern = self.pattern;
        let Some(bytes) = self.lines.block(block) else {
            return hits;
        };
        self.searched += bytes.len().max(1) as u64;
        let has_open_end = last < bytes.len();
        let region = bytes.get(start..last).unwrap_or_default();
        let count = |piece: &[u8]| memchr::memchr_iter(b'\n', piece).count() as u64;
        let mut position = 0;
        while let Some(hit) = pattern.next_in(region, position) {
            line += count(&region[position..hit]);
            if wanted.contains(&line) {
                hits.push(line);
            }
            let rest = &region[hit..];
            position = hit + memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            line += 1;
        }
        line += count(&region[position..]);
        // The last line that begins here may end in a later block.
        if has_open_end && wanted.contains(&line) {
            let start = self.picture.view(self.stream).range(block).start + last as u64;
            let end = self.lines.end_of(line, start);
            if self.is_in_line(start..end) {
                hits.push(line);
            }
        }
        hits
    }

    /// Whether a line matches, whatever its length.
    fn is_in_line(&mut self, line: Range<u64>) -> bool {
        let mut from = line.start;
        loop {
            let to = line.end.min(from + self.piece_bytes);
            self.searched += to - from;
            let goes_on = GoesOn {
                before: from > line.start,
                after: to < line.end,
            };
            let start = from - u64::from(goes_on.before);
            let text = self.lines.copy(start..to + u64::from(goes_on.after));
            if self.pattern.is_in_piece(&text, goes_on) {
                return true;
            }
            if to == line.end {
                return false;
            }
            from = to - self.shared_bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptNo, CallId};
    use crate::output::{Bounds, Store, Streams};

    #[test]
    fn a_match_across_two_pieces_of_a_line_is_found() {
        let store = Store::new(None, Bounds::default());
        let sink = store.sink(CallId::MIN, AttemptNo(1));
        let line = format!("{}needle{}", "x".repeat(997), "y".repeat(3000));
        sink.write(Stream::Stdout, line.as_bytes());
        let reader = store.reader();
        let view = reader.find_view(CallId::MIN, None).expect("an output");
        for (source, is_there) in [
            ("needle", true),
            ("y$", true),
            ("^xx", true),
            ("nail", false),
            // The ends of pieces are not those of the line.
            ("^y", false),
            ("x$", false),
            (r"\bneedle", false),
            (r"y\b", true),
        ] {
            let pattern = Pattern::regex(source).expect("a pattern");
            let mut seeker = Seeker::new(&view, Stream::Stdout, &pattern);
            (seeker.piece_bytes, seeker.shared_bytes) = (1000, 100);
            let total = view.total(Streams::Both);
            let hits = seeker.hits(0, &(0..total));
            assert_eq!(!hits.is_empty(), is_there, "{source}");
        }
    }
}
