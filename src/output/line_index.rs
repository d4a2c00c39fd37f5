//! In which order the calls of a run completed their lines: the latest of
//! them, over all calls.

use std::collections::VecDeque;

use super::Stream;
use crate::model::{AttemptNo, CallId};

/// Lines that one stream completed in a row, with no other stream between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineRun {
    pub(super) call: CallId,
    pub(super) attempt: AttemptNo,
    pub(super) stream: Stream,
    /// The first of the lines, counted within the stream.
    pub(super) first: u64,
    /// Lines of all calls up to its end, since the run began.
    pub(super) end: u64,
}

/// The latest entries; older ones are forgotten.
#[derive(Debug, Default)]
pub(super) struct LineIndex {
    entries: VecDeque<LineRun>,
    /// Lines that have been forgotten.
    forgotten: u64,
}

/// Entries kept, 40 bytes each.
const LIMIT: usize = 16 * 1024;

impl LineIndex {
    /// Lines completed by all calls so far.
    pub(super) fn total(&self) -> u64 {
        self.entries.back().map_or(self.forgotten, |last| last.end)
    }

    /// Lines that have been forgotten.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Notes that a stream completed `count` lines from `first` on.
    pub(super) fn push(
        &mut self,
        (call, attempt): (CallId, AttemptNo),
        stream: Stream,
        first: u64,
        count: u64,
    ) {
        if count == 0 {
            return;
        }
        let end = self.total() + count;
        if let Some(last) = self.entries.back_mut()
            && (last.call, last.attempt, last.stream) == (call, attempt, stream)
        {
            last.end = end;
            return;
        }
        if self.entries.len() == LIMIT
            && let Some(oldest) = self.entries.pop_front()
        {
            self.forgotten = oldest.end;
        }
        self.entries.push_back(LineRun {
            call,
            attempt,
            stream,
            first,
            end,
        });
    }

    /// The entries that hold `count` lines from `from` on, each with the
    /// number of its first line.
    pub(super) fn slice(&self, from: u64, count: u64) -> Vec<(u64, LineRun)> {
        let from = from.max(self.forgotten);
        let first = self.entries.partition_point(|entry| entry.end <= from);
        let mut start = match first.checked_sub(1) {
            Some(before) => self.entries[before].end,
            None => self.forgotten,
        };
        let mut slice = Vec::new();
        for entry in self.entries.iter().skip(first) {
            if start >= from.saturating_add(count) {
                break;
            }
            slice.push((start, *entry));
            start = entry.end;
        }
        slice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_lines_are_kept_in_order() {
        let mut line_index = LineIndex::default();
        let calls = [0, 1].map(|index| (CallId::from_index(index), AttemptNo(1)));
        for round in 0..LIMIT as u64 {
            line_index.push(calls[0], Stream::Stdout, 2 * round, 1);
            line_index.push(calls[0], Stream::Stdout, 2 * round + 1, 1);
            line_index.push(calls[1], Stream::Stderr, round, 1);
        }
        let total = 3 * LIMIT as u64;
        assert_eq!(
            (line_index.total(), line_index.forgotten()),
            (total, total / 2)
        );
        let slice = line_index.slice(total - 2, 2);
        let firsts: Vec<_> = slice
            .iter()
            .map(|(start, entry)| (*start, entry.first))
            .collect();
        let last = LIMIT as u64 - 1;
        assert_eq!(firsts, [(total - 3, 2 * last), (total - 1, last)]);
        assert_eq!(line_index.slice(0, 1)[0].0, total / 2);
    }
}
