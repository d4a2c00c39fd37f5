//! Finds lines in the view of a stream and reads as much of each as a
//! display line may need. The work for one line is bounded: at most a few
//! blocks are read, however long the line or the stream is.

use std::ops::Range;

use super::stream_view::StreamView;

/// Bytes of a line's beginning and end that are read when it is longer than both.
pub(super) const LINE_HEAD: u64 = 12 * 1024;
pub(super) const LINE_TAIL: u64 = 4 * 1024;

/// As much of a line as may be shown, without its newline.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RawLine {
    /// Its beginning, or all of it.
    pub(super) head: Vec<u8>,
    /// Its end, where it is too long to be read whole.
    pub(super) tail: Vec<u8>,
    /// Bytes between the two.
    pub(super) skipped: u64,
    /// Whether its beginning or its end is gone.
    pub(super) is_cut: bool,
}

/// Reads lines of one view, and remembers where it was.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    view: &'a StreamView,
    /// The stretch last read from disk, and its bytes.
    loaded: Option<usize>,
    scratch: Vec<u8>,
    /// Number and position of the newline last found.
    last_newline: Option<(u64, u64)>,
    dropped: Option<Range<u64>>,
}

/// Where a line lies.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Extent {
    start: u64,
    end: u64,
    /// Bytes of it that are gone.
    hole: Option<Range<u64>>,
    is_cut: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(view: &'a StreamView) -> Self {
        let mut lines = Self {
            view,
            loaded: None,
            scratch: Vec::new(),
            last_newline: None,
            dropped: None,
        };
        lines.dropped = lines.find_dropped();
        lines
    }

    /// The lines of which nothing is left.
    pub(super) fn dropped(&self) -> Option<Range<u64>> {
        self.dropped.clone()
    }

    fn find_dropped(&mut self) -> Option<Range<u64>> {
        let gap = self.view.gap.clone()?;
        let before = self.view.newlines_before(self.view.find(gap.start)?);
        let after = match self.view.find(gap.end) {
            Some(i) => self.view.newlines_before(i),
            None => self.view.lines(),
        };
        let first = before + u64::from(self.is_mid_line(gap.start));
        (first < after).then_some(first..after)
    }

    /// Whether the byte before a position belongs to the same line.
    pub(super) fn is_mid_line(&mut self, position: u64) -> bool {
        let Some(before) = position.checked_sub(1) else {
            return false;
        };
        let Some(i) = self.view.find(before) else {
            return false;
        };
        let offset = (before - self.view.range(i).start) as usize;
        self.bytes(i).and_then(|bytes| bytes.get(offset)) != Some(&b'\n')
    }

    /// The block in which a line begins, or the one where it would be.
    pub(super) fn block_of(&mut self, line: u64) -> Option<usize> {
        let last = self.view.lines().checked_sub(1)?;
        let position = match line.min(last) {
            0 => 0,
            line => match self.newline(line) {
                Some(newline) => newline + 1,
                None => return self.view.find_newline(line),
            },
        };
        self.view.find(position)
    }

    /// The lines that begin in a block: the number of the first, where in the
    /// block it begins, and where in the block the last line begins that does
    /// not end there (the block's length if there is none).
    pub(super) fn beginning_in(&mut self, block: usize) -> Option<(u64, usize, usize)> {
        let range = self.view.range(block);
        let before = self.view.newlines_before(block);
        let is_inside = self.is_mid_line(range.start);
        let bytes = self.bytes(block)?;
        let (first, start) = if is_inside {
            (before + 1, memchr::memchr(b'\n', bytes)? + 1)
        } else {
            (before, 0)
        };
        let last = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        Some((first, start, last.max(start)))
    }

    /// Bytes that are gone.
    pub(super) fn gap(&self) -> Option<Range<u64>> {
        self.view.gap.clone()
    }

    /// Where some lines in a row stand, their newlines included.
    pub(super) fn span(&mut self, first: u64, count: u64) -> Range<u64> {
        let gap = self.gap().unwrap_or(self.view.total..self.view.total);
        let start = match first {
            0 => Some(0),
            _ => self.newline(first).map(|newline| newline + 1),
        };
        let last = first + count;
        let end = if last <= self.view.newlines {
            self.newline(last).map(|newline| newline + 1)
        } else {
            Some(self.view.total)
        };
        let start = start.unwrap_or(gap.end);
        start..end.unwrap_or(gap.start).max(start)
    }

    /// Where a line ends that begins at a position.
    pub(super) fn end_of(&mut self, line: u64, start: u64) -> u64 {
        let gap = self.view.gap.as_ref().map(|gap| gap.start);
        let known = if line < self.view.newlines {
            self.newline(line + 1)
        } else {
            Some(self.view.total)
        };
        known.or(gap).unwrap_or(start).max(start)
    }

    /// The bytes of a block; `None` where they are gone.
    pub(super) fn block(&mut self, i: usize) -> Option<&[u8]> {
        self.bytes(i)
    }

    /// The bytes of a stretch; `None` where they are gone.
    fn bytes(&mut self, i: usize) -> Option<&[u8]> {
        let view = self.view;
        if let Some(bytes) = view.memory(i) {
            return Some(bytes);
        }
        if self.loaded != Some(i) {
            self.loaded = self.view.read_disk(i, &mut self.scratch).then_some(i);
        }
        self.loaded.map(|_| self.scratch.as_slice())
    }

    /// Position of a newline by its number, from 1; `None` where it is gone or
    /// has not come yet.
    fn newline(&mut self, number: u64) -> Option<u64> {
        let i = self.view.find_newline(number)?;
        let start = self.view.range(i).start;
        let before = self.view.newlines_before(i);
        let (from, nth) = match self.last_newline {
            Some((last, position)) if last + 1 == number && position >= start => {
                ((position + 1 - start) as usize, 0)
            }
            _ => (0, (number - before - 1) as usize),
        };
        let bytes = self.bytes(i)?.get(from..)?;
        let offset = from + memchr::memchr_iter(b'\n', bytes).nth(nth)?;
        let position = start + offset as u64;
        self.last_newline = Some((number, position));
        Some(position)
    }

    /// Reads a line, counted from 0; `None` where nothing is left of it.
    pub(super) fn read(&mut self, line: u64) -> Option<RawLine> {
        let extent = self.extent(line)?;
        Some(self.raw(&extent))
    }

    fn extent(&mut self, line: u64) -> Option<Extent> {
        let is_gone = self
            .dropped
            .as_ref()
            .is_some_and(|gone| gone.contains(&line));
        if line >= self.view.lines() || is_gone {
            return None;
        }
        let gap = self.view.gap.clone().unwrap_or(u64::MAX..u64::MAX);
        let known = match line {
            0 => Some(0),
            _ => self.newline(line).map(|newline| newline + 1),
        };
        let known = known.filter(|start| !gap.contains(start));
        let start = known.unwrap_or(gap.end);
        let end = if line < self.view.newlines {
            self.newline(line + 1)
        } else {
            Some(self.view.total)
        };
        let spans_gap = start <= gap.start && end.is_some_and(|end| gap.end <= end);
        Some(Extent {
            start,
            end: end.unwrap_or(gap.start),
            is_cut: known.is_none() || end.is_none(),
            hole: spans_gap.then_some(gap),
        })
    }

    fn raw(&mut self, extent: &Extent) -> RawLine {
        let Extent { start, end, .. } = *extent;
        let is_short = extent.hole.is_none() && end - start <= LINE_HEAD + LINE_TAIL;
        let hole = extent.hole.clone().unwrap_or(end..start);
        let head_end = if is_short {
            end
        } else {
            (start + LINE_HEAD).min(hole.start)
        };
        let tail_start = if is_short {
            end
        } else {
            end.saturating_sub(LINE_TAIL).max(hole.end).max(head_end)
        };
        RawLine {
            head: self.copy(start..head_end),
            tail: self.copy(tail_start..end),
            skipped: tail_start - head_end,
            is_cut: extent.is_cut,
        }
    }

    /// Copies bytes; what is gone is left out.
    pub(super) fn copy(&mut self, range: Range<u64>) -> Vec<u8> {
        let mut copy = Vec::with_capacity(range.end.saturating_sub(range.start) as usize);
        let mut position = range.start;
        while position < range.end {
            let Some(i) = self.view.find(position) else {
                break;
            };
            let stretch = self.view.range(i);
            let to = stretch.end.min(range.end);
            let from = (position - stretch.start) as usize;
            let piece = from..(to - stretch.start) as usize;
            if let Some(bytes) = self.bytes(i).and_then(|bytes| bytes.get(piece)) {
                copy.extend_from_slice(bytes);
            }
            position = to;
        }
        copy
    }
}
