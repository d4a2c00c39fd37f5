//! The output of several calls or attempts as one: in order, or as it came.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use super::lines::Lines;
use super::output_view::OutputView;
use super::pattern::Pattern;
use super::reader::{OutputReader, line};
use super::search_request::{Direction, SearchProgress, SearchRequest};
use super::window::{LineForm, OutputLine, Position, WindowRequest};
use super::{Stream, Streams};
use crate::model::{AttemptNo, CallId};

/// The output of an attempt as one of several that are read as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputPart {
    /// The call.
    pub call: CallId,
    /// The attempt; `None` is the last one.
    pub attempt: Option<AttemptNo>,
}

impl OutputPart {
    /// The last attempt of a call.
    pub fn last_of(call: CallId) -> Self {
        Self {
            call,
            attempt: None,
        }
    }
}

/// A row of the output of several calls or attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Here begins the output of this part.
    Title {
        /// Number of the row.
        number: u64,
        /// The part.
        part: OutputPart,
    },
    /// A line that a call printed.
    Line {
        /// Number of the row; numbers have holes where lines were dropped.
        number: u64,
        /// The call.
        call: CallId,
        /// The line, with the number it has in the call's own output.
        line: OutputLine,
    },
}

impl Row {
    /// Its number.
    pub fn number(&self) -> u64 {
        match self {
            Self::Title { number, .. } | Self::Line { number, .. } => *number,
        }
    }
}

/// Some rows of the output of several calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Number of the first row that can still be shown.
    pub earliest: u64,
    /// Rows in all, those before the earliest included.
    pub total: u64,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Bytes of a search's budget that a part without a match costs at least: its
/// view is taken, and it may have been read whole.
const A_CALL: u64 = 64 * 1024;

impl OutputReader {
    /// The output of these parts, one after the other, each under its title.
    /// The work grows with the number of parts and of rows asked for, not
    /// with the size of the output.
    pub fn combined(
        &self,
        parts: &[OutputPart],
        streams: Streams,
        form: LineForm,
        from: Position,
        count: usize,
    ) -> Rows {
        let mut ends = Vec::with_capacity(parts.len());
        let mut total = 0;
        for part in parts {
            total += 1 + self.total_lines(*part, streams);
            ends.push(total);
        }
        let mut number = first_row(from, 0, total, count);
        let mut rows = Vec::new();
        let begin = ends.partition_point(|end| *end <= number);
        for (i, part) in parts.iter().enumerate().skip(begin) {
            if rows.len() >= count {
                break;
            }
            let start = i.checked_sub(1).map_or(0, |before| ends[before]);
            if number == start {
                rows.push(Row::Title {
                    number,
                    part: *part,
                });
                number += 1;
            }
            let request = WindowRequest {
                attempt: part.attempt,
                streams,
                from: Position::Line(number - start - 1),
                count: count - rows.len(),
                form,
            };
            let lines = self.window(part.call, &request).lines.into_iter();
            // Lines that came since the totals were taken belong to the next look.
            let lines = lines.take_while(|line| start + 1 + line.number < ends[i]);
            rows.extend(lines.map(|line| Row::Line {
                number: start + 1 + line.number,
                call: part.call,
                line,
            }));
            number = ends[i];
        }
        Rows {
            earliest: 0,
            total,
            rows,
        }
    }

    /// Looks for the next line of these parts that matches; its number
    /// is that of a row of [`OutputReader::combined`]. The work is bounded by the
    /// request's budget.
    pub fn search_combined(
        &self,
        parts: &[OutputPart],
        request: &SearchRequest,
        pattern: &Pattern,
    ) -> SearchProgress {
        let mut starts = Vec::with_capacity(parts.len());
        let mut total = 0;
        for part in parts {
            starts.push(total);
            total += 1 + self.total_lines(*part, request.streams);
        }
        let mut spent = 0;
        let mut from = request.from;
        let is_forward = request.direction == Direction::Forward;
        let mut next = starts
            .partition_point(|start| *start <= from)
            .checked_sub(1);
        while let Some((at, start)) = next.and_then(|at| Some((at, *starts.get(at)?))) {
            if spent >= request.budget_bytes {
                return SearchProgress::NotYet { from };
            }
            // The row of the title holds no line.
            let within = if is_forward {
                Some(from.saturating_sub(start + 1))
            } else {
                from.checked_sub(start + 1)
            };
            let found = within.map_or(SearchProgress::Nothing, |from| {
                let own = SearchRequest {
                    attempt: parts[at].attempt,
                    from,
                    budget_bytes: request.budget_bytes - spent,
                    ..*request
                };
                self.search(parts[at].call, &own, pattern)
            });
            match found {
                SearchProgress::At(line) => return SearchProgress::At(start + 1 + line),
                SearchProgress::NotYet { from } => {
                    return SearchProgress::NotYet {
                        from: start + 1 + from,
                    };
                }
                SearchProgress::Nothing => {}
            }
            spent += A_CALL;
            next = if is_forward {
                Some(at + 1)
            } else {
                at.checked_sub(1)
            };
            from = if is_forward {
                starts.get(at + 1).copied().unwrap_or(total)
            } else {
                start.saturating_sub(1)
            };
        }
        SearchProgress::Nothing
    }

    fn total_lines(&self, part: OutputPart, streams: Streams) -> u64 {
        let output = self.store.shared.output(part.call);
        let Some(attempt) = output.and_then(|output| output.attempt(part.attempt)) else {
            return 0;
        };
        let written = attempt.lock();
        let chosen = super::search::streams(streams);
        chosen
            .map(|stream| written.buffers[stream.index()].lines())
            .sum()
    }

    /// The latest complete lines of all calls in the order in which they came.
    pub fn interleaved(&self, from: Position, count: usize) -> Rows {
        let (earliest, total, entries) = {
            let line_index = self.store.shared.line_index.lock();
            let line_index = line_index.unwrap_or_else(PoisonError::into_inner);
            let (earliest, total) = (line_index.forgotten(), line_index.total());
            let first = first_row(from, earliest, total, count);
            (earliest, total, line_index.slice(first, count as u64))
        };
        let first = first_row(from, earliest, total, count);
        let mut pictures: BTreeMap<(CallId, AttemptNo), Option<Arc<OutputView>>> = BTreeMap::new();
        let mut rows = Vec::new();
        for (start, entry) in entries {
            let picture = pictures
                .entry((entry.call, entry.attempt))
                .or_insert_with(|| self.fresh_view(entry.call, entry.attempt));
            let skip = first.saturating_sub(start);
            let wanted = (entry.end - start - skip).min((count - rows.len()) as u64);
            let lines = entry.first + skip..entry.first + skip + wanted;
            let Some(picture) = picture else {
                continue;
            };
            let mut reader = Lines::new(picture.view(entry.stream));
            for (number, one) in (start + skip..).zip(lines) {
                rows.push(row(
                    &mut reader,
                    picture,
                    number,
                    entry.call,
                    (entry.stream, one),
                ));
            }
        }
        Rows {
            earliest,
            total,
            rows,
        }
    }

    /// A view that is not kept, where many calls are looked at in turn.
    fn fresh_view(&self, call: CallId, attempt: AttemptNo) -> Option<Arc<OutputView>> {
        let output = self.store.shared.output(call)?;
        let attempt = output.attempt(Some(attempt))?;
        Some(Arc::new(OutputView::take(&attempt, 0)))
    }
}

fn row(
    lines: &mut Lines<'_>,
    picture: &OutputView,
    number: u64,
    call: CallId,
    (stream, one): (Stream, u64),
) -> Row {
    let own = picture.number_of(Streams::Both, stream, one).unwrap_or(one);
    Row::Line {
        number,
        call,
        line: line(lines, picture, own, (stream, one), LineForm::Shown),
    }
}

fn first_row(from: Position, earliest: u64, total: u64, count: usize) -> u64 {
    let first = match from {
        Position::Line(number) => number.min(total),
        Position::Tail => total.saturating_sub(count as u64),
    };
    first.max(earliest)
}
