//! Rows of output as the pane shows them, wherever they come from.

use std::ops::Range;

use crate::model::{AttemptNo, CallId};
use crate::output::{LineKind, Matches, OutputLine, Position, Row, Rows, Window};
use crate::tui::text::wrapped;

/// One row of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRow {
    /// Its place among all rows there are; places have holes where lines were
    /// dropped.
    pub place: u64,
    /// The call that printed it.
    pub call: CallId,
    /// Content of the row.
    pub content: Content,
    /// Where its text is broken to fit the pane; empty while lines are not
    /// wrapped.
    pub parts: Vec<Range<usize>>,
}

/// Content of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Here begins the output of the row's call, or of one of its attempts.
    Title(Option<AttemptNo>),
    /// A line.
    Line(OutputLine),
}

impl PageRow {
    /// Rows of the screen that it takes.
    pub fn height(&self) -> usize {
        self.parts.len().max(1)
    }

    /// Its line, unless it is a title.
    pub fn line(&self) -> Option<&OutputLine> {
        match &self.content {
            Content::Title(_) => None,
            Content::Line(line) => Some(line),
        }
    }

    /// The place after it.
    fn end(&self) -> u64 {
        let gone = match self.line().map(|line| line.kind) {
            Some(LineKind::Dropped { lines }) => lines.max(1),
            _ => 1,
        };
        self.place + gone
    }
}

/// Some rows around those on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Place of the first row that can be shown at all.
    pub earliest: u64,
    /// Places there are.
    pub total: u64,
    /// Lines there are: places but for titles.
    pub total_lines: u64,
    /// Bytes that are neither in memory nor on disk.
    pub dropped_bytes: u64,
    /// The rows.
    pub rows: Vec<PageRow>,
    /// Whether its last row is the last one there is.
    pub reaches_end: bool,
    /// The width that the rows are broken to.
    width: Option<usize>,
}

/// Where the screen begins in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScreenTop {
    /// The first row that is seen.
    pub index: usize,
    /// Parts of it that stand above the screen.
    pub skipped: usize,
}

impl Page {
    /// A window on one call's output.
    pub(in crate::tui) fn of_window(call: CallId, window: Window) -> Self {
        let rows = window.lines.into_iter();
        let rows = rows.map(|line| (line.number, call, line));
        Self {
            dropped_bytes: window.dropped_bytes,
            ..Self::new(window.total_lines, rows)
        }
    }

    /// Lines of one call's output that match.
    pub(in crate::tui) fn of_matches(call: CallId, matches: Matches) -> Self {
        let rows = (matches.first..).zip(matches.lines);
        Self::new(matches.total, rows.map(|(place, line)| (place, call, line)))
    }

    /// Rows of the output of several calls; `titles` of them are titles.
    pub(in crate::tui) fn of_rows(rows: Rows, titles: u64) -> Self {
        let mut page = Self {
            earliest: rows.earliest,
            total: rows.total,
            total_lines: rows.total.saturating_sub(titles),
            ..Self::default()
        };
        page.rows = rows.rows.into_iter().map(row).collect();
        page.settle_end();
        page
    }

    /// Lines of one call, from its first one on.
    fn new(total: u64, lines: impl Iterator<Item = (u64, CallId, OutputLine)>) -> Self {
        let rows = lines.map(|(place, call, line)| PageRow {
            place,
            call,
            content: Content::Line(line),
            parts: Vec::new(),
        });
        let mut page = Self {
            total,
            total_lines: total,
            rows: rows.collect(),
            ..Self::default()
        };
        page.settle_end();
        page
    }

    fn settle_end(&mut self) {
        let end = self.rows.last().map_or(0, PageRow::end);
        self.reaches_end = end >= self.total;
    }

    /// Breaks the rows to a width, or not at all. What `before` knows of the
    /// same lines in the same width is not done again.
    pub fn wrap(&mut self, width: Option<usize>, before: &mut Self) {
        let known = std::mem::take(&mut before.rows);
        let mut known = known.into_iter().peekable();
        let is_same_width = before.width == width;
        self.width = width;
        for row in &mut self.rows {
            let Content::Line(line) = &row.content else {
                continue;
            };
            let Some(width) = width else {
                row.parts = Vec::new();
                continue;
            };
            while known.next_if(|it| it.place < row.place).is_some() {}
            let same = known.next_if(|it| it.place == row.place);
            let same = same.filter(|it| {
                is_same_width
                    && it.call == row.call
                    && it.line().map(|it| &it.text) == Some(&line.text)
            });
            row.parts = match same {
                Some(known) if !known.parts.is_empty() => known.parts,
                _ => wrapped(line.text.as_str(), width),
            };
        }
    }

    /// Breaks the rows to another width.
    pub fn rewrap(&mut self, width: Option<usize>) {
        if self.width != width {
            self.wrap(width, &mut Self::default());
        }
    }

    /// The index of the row at a place, or of the one that comes next.
    pub fn index_of(&self, place: u64) -> usize {
        let after = self.rows.partition_point(|row| row.end() <= place);
        after.min(self.rows.len().saturating_sub(1))
    }

    /// Where the last `height` rows of the screen begin.
    pub fn last_screen(&self, height: usize) -> ScreenTop {
        let mut seen = 0;
        for (index, row) in self.rows.iter().enumerate().rev() {
            seen += row.height();
            if seen >= height {
                let skipped = seen - height;
                return ScreenTop { index, skipped };
            }
        }
        ScreenTop::default()
    }

    /// Rows of the screen from a place in the page to its end, counted up to a
    /// little more than `enough`.
    pub fn height_from(&self, top: ScreenTop, enough: usize) -> usize {
        let mut seen = 0;
        for row in self.rows.iter().skip(top.index) {
            seen += row.height();
            if seen > enough + top.skipped {
                break;
            }
        }
        seen.saturating_sub(top.skipped)
    }
}

fn row(row: Row) -> PageRow {
    let (place, call, content) = match row {
        Row::Title { number, part } => (number, part.call, Content::Title(part.attempt)),
        Row::Line { number, call, line } => (number, call, Content::Line(line)),
    };
    PageRow {
        place,
        call,
        content,
        parts: Vec::new(),
    }
}

/// Where a page has to begin, so that a screen can be scrolled up from
/// `position` by its height without another reading.
pub(in crate::tui) fn begin(position: Position, height: usize) -> Position {
    match position {
        Position::Line(place) => Position::Line(place.saturating_sub(height as u64)),
        Position::Tail => Position::Tail,
    }
}
