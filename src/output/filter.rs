//! Output with only the lines that match.

use super::output_view::OutputView;
use super::pattern::Pattern;
use super::reader::{OutputReader, line};
use super::search::streams;
use super::seeker::Seeker;
use super::window::{LineForm, OutputLine, Position};
use super::{Stream, Streams};
use crate::model::{AttemptNo, CallId};

/// The lines of one attempt that match, as far as they have been looked for.
/// The last line of a stream counts as it is so far, with or without its
/// newline.
#[derive(Debug, Clone)]
pub struct Filter {
    call: CallId,
    attempt: Option<AttemptNo>,
    streams: Streams,
    pattern: Pattern,
    /// Matching lines of each stream.
    hits: [Vec<u64>; 2],
    /// First line of each stream that has not been looked at.
    next: [u64; 2],
    /// The last line of each stream while it has no newline.
    unfinished: [Option<Unfinished>; 2],
}

/// A last line without a newline, as it was looked at last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unfinished {
    /// Number of bytes of the stream up to its end.
    total: u64,
    /// Whether it matches, so that it is the last of the hits.
    is_hit: bool,
}

/// Some of the lines that match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches {
    /// Row of the first of them, counted from 0 over all matching lines.
    pub first: u64,
    /// Matching lines so far.
    pub total: u64,
    /// The lines, with the numbers they have in the whole output.
    pub lines: Vec<OutputLine>,
}

/// Matching lines that are kept; further ones are not looked for.
const MOST_HITS: usize = 1_000_000;

impl Filter {
    /// Nothing has been looked at yet.
    pub fn new(
        call: CallId,
        attempt: Option<AttemptNo>,
        streams: Streams,
        pattern: Pattern,
    ) -> Self {
        Self {
            call,
            attempt,
            streams,
            pattern,
            hits: [Vec::new(), Vec::new()],
            next: [0, 0],
            unfinished: [None, None],
        }
    }

    pub(super) fn call(&self) -> CallId {
        self.call
    }

    pub(super) fn streams(&self) -> Streams {
        self.streams
    }

    /// Pattern that the lines match.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Matching lines so far.
    pub fn total(&self) -> u64 {
        self.hits.iter().map(|hits| hits.len() as u64).sum()
    }

    /// Whether as many lines match as are kept, so that later ones are missing.
    pub fn is_full(&self) -> bool {
        self.total() >= MOST_HITS as u64
    }

    /// How many matching lines of standard output stand before a row; the
    /// others before it are of standard error.
    fn split(&self, picture: &OutputView, row: usize) -> usize {
        let [stdout, stderr] = &self.hits;
        let number = |stream, line: u64| picture.number_of(Streams::Both, stream, line);
        let (mut low, mut high) = (row.saturating_sub(stderr.len()), row.min(stdout.len()));
        while low < high {
            let middle = usize::midpoint(low, high);
            let other = row - middle;
            let is_later = other > 0
                && number(Stream::Stdout, stdout[middle])
                    < number(Stream::Stderr, stderr[other - 1]);
            if is_later {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

impl OutputReader {
    /// Looks at more output, about `budget_bytes` of it. Returns whether there
    /// is more to look at.
    pub fn extend(&self, filter: &mut Filter, budget_bytes: u64) -> bool {
        let Some(picture) = self.find_view(filter.call, filter.attempt) else {
            return false;
        };
        let mut spent = 0;
        for stream in streams(filter.streams) {
            let i = stream.index();
            let view = picture.view(stream);
            if filter.unfinished[i].is_some_and(|last| last.total == view.total) {
                continue;
            }
            if filter.unfinished[i].take().is_some_and(|last| last.is_hit) {
                filter.hits[i].pop();
            }
            let mut seeker = Seeker::new(&picture, stream, &filter.pattern);
            let before = spent;
            while filter.next[i] < view.newlines {
                if filter.hits[0].len() + filter.hits[1].len() >= MOST_HITS {
                    return false;
                }
                if spent > 0 && spent >= budget_bytes {
                    return true;
                }
                let Some(block) = seeker.block_of(filter.next[i]) else {
                    break;
                };
                let wanted = filter.next[i]..view.newlines;
                filter.hits[i].extend(seeker.hits(block, &wanted));
                filter.next[i] = seeker.line_after(block).min(view.newlines);
                spent = before + seeker.searched();
            }
            let line = view.newlines;
            if !view.is_mid_line() || filter.is_full() {
                continue;
            }
            let hits = seeker.block_of(line);
            let hits = hits.map(|block| seeker.hits(block, &(line..line + 1)));
            let is_hit = hits.is_some_and(|hits| !hits.is_empty());
            filter.hits[i].extend(is_hit.then_some(line));
            let total = view.total;
            filter.unfinished[i] = Some(Unfinished { total, is_hit });
            spent = before + seeker.searched();
        }
        false
    }

    /// How many of the matching lines found so far stand before a line.
    pub fn rank(&self, filter: &Filter, number: u64) -> u64 {
        let Some(picture) = self.find_view(filter.call, filter.attempt) else {
            return 0;
        };
        let before = |stream: Stream| {
            let line = picture.lines_before(filter.streams, stream, number);
            filter.hits[stream.index()].partition_point(|hit| *hit < line) as u64
        };
        streams(filter.streams).map(before).sum()
    }

    /// Some of the matching lines found so far.
    pub fn matches(&self, filter: &Filter, from: Position, count: usize) -> Matches {
        let Some(picture) = self.find_view(filter.call, filter.attempt) else {
            return Matches::default();
        };
        let total = filter.total();
        let first = match from {
            Position::Line(row) => row.min(total),
            Position::Tail => total.saturating_sub(count as u64),
        };
        let mut next = [filter.split(&picture, first as usize), 0];
        next[1] = first as usize - next[0];
        let mut lines = picture.lines();
        let mut matches = Matches {
            first,
            total,
            lines: Vec::new(),
        };
        while matches.lines.len() < count {
            let nearest = Stream::BOTH.into_iter().filter_map(|stream| {
                let line = *filter.hits[stream.index()].get(next[stream.index()])?;
                let number = picture.number_of(filter.streams, stream, line)?;
                Some((number, stream, line))
            });
            let Some((number, stream, hit)) = nearest.min_by_key(|(number, ..)| *number) else {
                break;
            };
            next[stream.index()] += 1;
            let reader = &mut lines[stream.index()];
            let row = line(reader, &picture, number, (stream, hit), LineForm::Shown);
            matches.lines.push(row);
        }
        matches
    }
}
