//! One row of cells, filled from left to right.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Modifier, Style};

use super::look::over;
use super::{Cut, Piece, Safe, fit, wrapped};
use crate::theme::Depth;
use crate::tui::text::glyphs::Glyphs;

/// On which side of its room a piece stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Padded behind.
    Left,
    /// Padded before.
    Right,
}

/// One row of cells, filled from left to right, never wider than its width.
#[derive(Debug, Clone)]
pub struct Strip {
    runs: Vec<(Cow<'static, str>, Style)>,
    width: usize,
    used: usize,
    ellipsis: &'static str,
}

impl Strip {
    /// An empty row of at most `width` cells.
    pub fn new(width: u16, glyphs: Glyphs) -> Self {
        Self {
            runs: Vec::new(),
            width: usize::from(width),
            used: 0,
            ellipsis: glyphs.ellipsis(),
        }
    }

    /// Cells that are still free.
    pub fn room(&self) -> usize {
        self.width - self.used
    }

    /// Cells that are taken.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Puts a piece, cut at its end where there is no room for it.
    pub fn put<'b>(&mut self, piece: impl Into<Piece<'b>>, style: Style) -> &mut Self {
        self.put_cut(piece, self.room(), Cut::End, style)
    }

    /// Puts a piece in at most `room` cells.
    pub fn put_cut<'b>(
        &mut self,
        piece: impl Into<Piece<'b>>,
        room: usize,
        cut: Cut,
        style: Style,
    ) -> &mut Self {
        let piece = piece.into();
        let room = room.min(self.room());
        let text = fit(piece.as_str(), room, cut, self.ellipsis).into_owned();
        self.used += super::width(&text);
        self.runs.push((Cow::Owned(text), style));
        self
    }

    /// Puts a part of a sanitised text in its own colours, cut hard at the end
    /// of the row.
    pub fn put_part(&mut self, text: &Safe, part: Range<usize>, base: Style, depth: Depth) {
        let mut start = 0;
        for (piece, look) in text.spans() {
            let end = start + piece.len();
            let from = part.start.clamp(start, end) - start;
            let to = part.end.clamp(start, end) - start;
            start = end;
            let seen = piece.get(from..to).unwrap_or("");
            if seen.is_empty() || self.room() == 0 {
                continue;
            }
            let fits = wrapped(seen, self.room()).first().map_or(0, |row| row.end);
            let seen = seen.get(..fits).unwrap_or("").to_owned();
            self.used += super::width(&seen).min(self.room());
            self.runs.push((Cow::Owned(seen), over(base, look, depth)));
        }
    }

    /// Puts a piece in exactly `room` cells.
    pub fn cell<'b>(
        &mut self,
        piece: impl Into<Piece<'b>>,
        room: usize,
        align: Align,
        style: Style,
    ) -> &mut Self {
        let piece = piece.into();
        let padding = room.saturating_sub(piece.width());
        if align == Align::Right {
            self.skip(padding);
        }
        self.put_cut(piece, room, Cut::End, style);
        if align == Align::Left {
            self.skip(padding);
        }
        self
    }

    /// Leaves cells as they are.
    pub fn skip(&mut self, cells: usize) -> &mut Self {
        const BLANKS: &str = "                                                                ";
        let mut left = cells.min(self.room());
        self.used += left;
        while left > 0 {
            let now = left.min(BLANKS.len());
            let blank = BLANKS.get(..now).unwrap_or(BLANKS);
            self.runs.push((Cow::Borrowed(blank), Style::new()));
            left -= now;
        }
        self
    }

    /// Cuts away what stands behind the column `at` of this row.
    pub fn cut_to(&mut self, at: usize) -> &mut Self {
        if self.used <= at {
            return self;
        }
        let runs = std::mem::take(&mut self.runs);
        let width = std::mem::replace(&mut self.width, at);
        self.used = 0;
        for (text, style) in runs {
            let text = fit(&text, self.room(), Cut::End, self.ellipsis).into_owned();
            self.used += super::width(&text);
            self.runs.push((Cow::Owned(text), style));
        }
        self.width = width;
        self
    }

    /// Leaves cells free up to the column `at` of this row.
    pub fn skip_to(&mut self, at: usize) -> &mut Self {
        self.skip(at.saturating_sub(self.used))
    }

    /// Adds another row's content behind this one's.
    pub fn append(&mut self, other: &Strip) -> &mut Self {
        for (text, style) in &other.runs {
            let text = fit(text, self.room(), Cut::End, self.ellipsis).into_owned();
            self.used += super::width(&text);
            self.runs.push((Cow::Owned(text), *style));
        }
        self
    }

    /// Draws the row from `at` to the right, inside the buffer.
    pub fn draw(&self, at: impl Into<Position>, buf: &mut Buffer) {
        let Position { mut x, y } = at.into();
        let area = buf.area;
        if !area.contains(Position { x, y }) {
            return;
        }
        for (text, style) in &self.runs {
            let room = usize::from(area.right().saturating_sub(x));
            if room == 0 {
                return;
            }
            // The former content of the cells does not shine through.
            let style = style.remove_modifier(Modifier::all().difference(style.add_modifier));
            (x, _) = buf.set_stringn(x, y, text, room, style);
        }
    }
}
