//! In which order the lines of both streams were completed, and when.

use std::time::Duration;

use super::Stream;

/// Lines of both streams up to here. Within one segment the lines of standard
/// output come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Lines completed at its end, per stream.
    pub(super) lines: [u64; 2],
    /// When its last line was completed, in milliseconds of the store's clock.
    pub(super) at_ms: u32,
}

impl Segment {
    pub(super) fn sum(&self) -> u64 {
        self.lines[0] + self.lines[1]
    }
}

/// A bounded record of the order of arrival. Beyond its bound, older parts
/// become coarser: their streams are no longer told apart line by line.
#[derive(Debug, Clone, Default)]
pub(super) struct ArrivalLog {
    segments: Vec<Segment>,
}

/// Segments kept; 16 bytes and more each.
const LIMIT: usize = 4096;

impl ArrivalLog {
    /// Notes that `lines` more lines of a stream were completed.
    pub(super) fn push(&mut self, stream: Stream, lines: u64, at: Duration) {
        if lines == 0 {
            return;
        }
        let at_ms = u32::try_from(at.as_millis()).unwrap_or(u32::MAX);
        let before = self.segments.len().checked_sub(2).map(|i| self.segments[i]);
        let mut next = self.segments.last().copied().unwrap_or(Segment {
            lines: [0, 0],
            at_ms,
        });
        let start = before.map_or([0, 0], |segment| segment.lines);
        let other = 1 - stream.index();
        let is_same = next.at_ms == at_ms && next.lines[other] == start[other];
        next.lines[stream.index()] += lines;
        next.at_ms = at_ms;
        match self.segments.last_mut() {
            Some(last) if is_same => *last = next,
            _ => self.segments.push(next),
        }
        if self.segments.len() > LIMIT {
            self.coarsen();
        }
    }

    /// Joins pairs in the older half, so that the oldest parts are joined most
    /// often and recent ones stay exact.
    fn coarsen(&mut self) {
        let mut place = 0;
        self.segments.retain(|_| {
            place += 1;
            place % 2 == 0 || place > LIMIT / 2
        });
    }

    /// The segment that holds a line, counted over both streams, with the line
    /// counts before it. `None` past the last completed line.
    pub(super) fn find(&self, number: u64) -> ([u64; 2], Option<Segment>) {
        let i = self
            .segments
            .partition_point(|segment| segment.sum() <= number);
        let before = i.checked_sub(1).map_or([0, 0], |i| self.segments[i].lines);
        (before, self.segments.get(i).copied())
    }

    /// The segment that holds a line of a stream, with the line counts before
    /// it. `None` past the last completed line of the stream.
    pub(super) fn find_line(&self, stream: Stream, line: u64) -> ([u64; 2], Option<Segment>) {
        let i = self
            .segments
            .partition_point(|segment| segment.lines[stream.index()] <= line);
        let before = i.checked_sub(1).map_or([0, 0], |i| self.segments[i].lines);
        (before, self.segments.get(i).copied())
    }

    /// When line `line` (from 0) of a stream was completed.
    pub(super) fn at(&self, stream: Stream, line: u64) -> Option<Duration> {
        let i = self
            .segments
            .partition_point(|segment| segment.lines[stream.index()] <= line);
        let segment = self.segments.get(i)?;
        Some(Duration::from_millis(u64::from(segment.at_ms)))
    }
}
