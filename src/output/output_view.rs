//! One consistent view of an attempt: both streams and the order of their
//! lines.

use std::ops::Range;
use std::time::Duration;

use super::arrival_log::{ArrivalLog, Segment};
use super::attempt::Attempt;
use super::lines::Lines;
use super::stream_view::StreamView;
use super::{Stream, Streams};

/// The view. Reading it takes no lock.
#[derive(Debug)]
pub(super) struct OutputView {
    pub(super) generation: u64,
    pub(super) views: [StreamView; 2],
    order: ArrivalLog,
}

/// A place among the lines that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinePlace {
    pub(super) stream: Stream,
    /// Number of the line within its stream.
    pub(super) line: u64,
    /// How many lines of the stream stand here in a row, this one included.
    pub(super) run: u64,
    /// How many of the row stand before this one.
    pub(super) before: u64,
}

impl OutputView {
    /// Takes the view under a short lock, and opens files after it.
    pub(super) fn take(attempt: &Attempt, generation: u64) -> Self {
        let written = attempt.lock();
        let block = attempt.budget().bounds.block_bytes;
        let mut picture = Self {
            generation,
            views: [0, 1].map(|i| StreamView::take(&written.buffers[i], block)),
            order: written.order.clone(),
        };
        drop(written);
        for (view, file) in picture.views.iter_mut().zip(&attempt.files) {
            if view.needs_file() {
                view.set_file(file.reading());
            }
        }
        picture
    }

    pub(super) fn view(&self, stream: Stream) -> &StreamView {
        &self.views[stream.index()]
    }

    /// Lines of the chosen streams, unfinished ones included.
    pub(super) fn total(&self, streams: Streams) -> u64 {
        match streams {
            Streams::Both => self.views.iter().map(StreamView::lines).sum(),
            Streams::Only(stream) => self.view(stream).lines(),
        }
    }

    /// Bytes of the chosen streams that are gone.
    pub(super) fn dropped_bytes(&self, streams: Streams) -> u64 {
        let gone = |view: &StreamView| view.gap.as_ref().map_or(0, |gap| gap.end - gap.start);
        match streams {
            Streams::Both => self.views.iter().map(gone).sum(),
            Streams::Only(stream) => gone(self.view(stream)),
        }
    }

    /// Which line stands at a place of the chosen streams.
    pub(super) fn locate(&self, streams: Streams, number: u64) -> Option<LinePlace> {
        if number >= self.total(streams) {
            return None;
        }
        if let Streams::Only(stream) = streams {
            return Some(LinePlace {
                stream,
                line: number,
                run: self.view(stream).lines() - number,
                before: number,
            });
        }
        let (start, segment) = self.order.find(number);
        let Some(Segment { lines: end, .. }) = segment else {
            return Some(self.locate_unfinished(number - start[0] - start[1]));
        };
        let offset = number - start[0] - start[1];
        let first = end[0] - start[0];
        let (stream, offset, length) = if offset < first {
            (Stream::Stdout, offset, first)
        } else {
            (Stream::Stderr, offset - first, end[1] - start[1])
        };
        Some(LinePlace {
            stream,
            line: start[stream.index()] + offset,
            run: length - offset,
            before: offset,
        })
    }

    /// Unfinished lines stand last, standard output first.
    fn locate_unfinished(&self, offset: u64) -> LinePlace {
        let is_first = offset == 0 && self.views[0].lines() > self.views[0].newlines;
        let stream = if is_first {
            Stream::Stdout
        } else {
            Stream::Stderr
        };
        LinePlace {
            stream,
            line: self.view(stream).newlines,
            run: 1,
            before: 0,
        }
    }

    /// How many lines of a stream stand before a place of the chosen streams.
    pub(super) fn lines_before(&self, streams: Streams, stream: Stream, number: u64) -> u64 {
        if streams != Streams::Both {
            return number.min(self.view(stream).lines());
        }
        let (start, segment) = self.order.find(number);
        let mut offset = number.saturating_sub(start[0] + start[1]);
        let first = match segment {
            Some(segment) => segment.lines[0] - start[0],
            None => self.views[0].lines() - start[0],
        };
        if stream == Stream::Stderr {
            offset = offset.saturating_sub(first);
        }
        let end = segment.map_or(self.view(stream).lines(), |segment| {
            segment.lines[stream.index()]
        });
        (start[stream.index()] + offset).min(end)
    }

    /// At which place of the chosen streams a line stands.
    pub(super) fn number_of(&self, streams: Streams, stream: Stream, line: u64) -> Option<u64> {
        if line >= self.view(stream).lines() {
            return None;
        }
        if streams != Streams::Both {
            return Some(line);
        }
        let (start, segment) = self.order.find_line(stream, line);
        let offset = line - start[stream.index()];
        let first = match segment {
            Some(segment) => segment.lines[0] - start[0],
            None => self.views[0].lines() - start[0],
        };
        let before = if stream == Stream::Stdout { 0 } else { first };
        Some(start[0] + start[1] + before + offset)
    }

    /// When a line was completed.
    pub(super) fn at(&self, stream: Stream, line: u64) -> Option<Duration> {
        self.order.at(stream, line)
    }

    /// Readers of the lines of both streams.
    pub(super) fn lines(&self) -> [Lines<'_>; 2] {
        [0, 1].map(|i| Lines::new(&self.views[i]))
    }
}

/// Walks over lines, and passes by what was dropped.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    picture: &'a OutputView,
    streams: Streams,
    dropped: [Option<Range<u64>>; 2],
    pub(super) lines: [Lines<'a>; 2],
}

impl<'a> Walk<'a> {
    pub(super) fn new(picture: &'a OutputView, streams: Streams) -> Self {
        let lines = picture.lines();
        let dropped = [lines[0].dropped(), lines[1].dropped()];
        Self {
            picture,
            streams,
            dropped,
            lines,
        }
    }

    /// Lines of the chosen streams that were dropped.
    pub(super) fn dropped_lines(&self) -> u64 {
        let streams = match self.streams {
            Streams::Both => Stream::BOTH.to_vec(),
            Streams::Only(stream) => vec![stream],
        };
        let count = |stream: &Stream| {
            let dropped = self.dropped[stream.index()].as_ref();
            dropped.map_or(0, |lines| lines.end - lines.start)
        };
        streams.iter().map(count).sum()
    }

    /// How many lines from here on are gone in a row.
    pub(super) fn gone_from(&self, place: &LinePlace) -> u64 {
        match &self.dropped[place.stream.index()] {
            Some(gone) if gone.contains(&place.line) => place.run.min(gone.end - place.line),
            _ => 0,
        }
    }

    /// How many lines from here on are not gone in a row.
    pub(super) fn kept_from(&self, place: &LinePlace) -> u64 {
        match &self.dropped[place.stream.index()] {
            Some(gone) if place.line < gone.start => place.run.min(gone.start - place.line),
            _ => place.run,
        }
    }

    /// The first of the dropped lines that stand in a row with this one, or
    /// the line itself.
    pub(super) fn start_of_gap(&self, mut number: u64) -> u64 {
        loop {
            let Some(place) = self.picture.locate(self.streams, number) else {
                return number;
            };
            match &self.dropped[place.stream.index()] {
                Some(gone) if gone.contains(&place.line) => {
                    let back = place.before.min(place.line - gone.start);
                    let Some(before) = (number - back).checked_sub(1) else {
                        return 0;
                    };
                    if !self.is_gone(before) {
                        return number - back;
                    }
                    number = before;
                }
                _ => return number,
            }
        }
    }

    fn is_gone(&self, number: u64) -> bool {
        let place = self.picture.locate(self.streams, number);
        place.is_some_and(|place| self.gone_from(&place) > 0)
    }
}
