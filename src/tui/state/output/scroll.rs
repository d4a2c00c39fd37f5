//! Scrolling the output: by rows of the screen, however long its lines are.

use crate::output::Position;
use crate::tui::state::output::{PageRow, ScreenTop};
use crate::tui::state::{OutputView, Pane, State};

/// Further than any output.
const FAR: i64 = i64::MAX / 4;

impl State {
    /// Where the screen begins in the page.
    pub fn first_output_row(&self) -> ScreenTop {
        let height = self.layout().rows(self, Pane::Output);
        let page = &self.output.page;
        let Position::Line(place) = self.output.position else {
            return page.last_screen(height);
        };
        let index = page.index_of(place);
        let skipped = match page.rows.get(index) {
            Some(row) if row.place == place => self.output.skipped.min(row.height() - 1),
            _ => 0,
        };
        let top = ScreenTop { index, skipped };
        if page.reaches_end && page.height_from(top, height) < height {
            return page.last_screen(height);
        }
        top
    }

    /// Scrolls the output by some rows. At its end it follows.
    pub fn scroll_output(&mut self, by: i64) {
        if by <= -FAR {
            let earliest = self.output.page.earliest;
            return self.stand_at(earliest, 0);
        }
        if by >= FAR {
            return self.follow_output();
        }
        let ScreenTop {
            mut index,
            mut skipped,
        } = self.first_output_row();
        let mut left = by.unsigned_abs() as usize;
        let page = &self.output.page;
        while left > 0 {
            if by > 0 {
                let below = page.rows.get(index).map_or(1, PageRow::height) - skipped;
                if left < below || index + 1 >= page.rows.len() {
                    skipped += left.min(below - 1);
                    left -= left.min(below);
                    break;
                }
                left -= below;
                (index, skipped) = (index + 1, 0);
            } else if skipped >= left {
                skipped -= left;
                left = 0;
            } else {
                left -= skipped + 1;
                let Some(before) = index.checked_sub(1) else {
                    left += 1;
                    skipped = 0;
                    break;
                };
                index = before;
                skipped = page.rows.get(index).map_or(1, PageRow::height) - 1;
            }
        }
        self.arrive(ScreenTop { index, skipped }, left, by > 0);
    }

    /// Stands at a row of the page, or `beyond` places from it.
    fn arrive(&mut self, top: ScreenTop, beyond: usize, is_down: bool) {
        let height = self.layout().rows(self, Pane::Output);
        let page = &self.output.page;
        let Some(row) = page.rows.get(top.index) else {
            return;
        };
        if is_down && page.reaches_end && page.height_from(top, height) <= height {
            self.follow_output();
            return;
        }
        let (place, earliest) = (row.place, page.earliest);
        // The page ends here: what is beyond it is counted in lines.
        match (beyond as u64, is_down) {
            (0, _) => self.stand_at(place, top.skipped),
            (beyond, true) => self.stand_at(place.saturating_add(beyond), 0),
            (beyond, false) => self.stand_at(place.saturating_sub(beyond).max(earliest), 0),
        }
    }

    /// Goes to the end and stays there.
    pub fn follow_output(&mut self) {
        self.output.position = Position::Tail;
        self.output.skipped = 0;
    }

    /// Stays where it is while lines are added.
    pub fn hold_output(&mut self) {
        let ScreenTop { index, skipped } = self.first_output_row();
        if let Some(row) = self.output.page.rows.get(index) {
            let place = row.place;
            self.stand_at(place, skipped);
        }
    }

    /// Shows a place about a third from the top, unless it is on the screen.
    pub(super) fn show_place(&mut self, place: u64) {
        let height = self.layout().rows(self, Pane::Output) as u64;
        let ScreenTop { index, skipped } = self.first_output_row();
        let rows = self.output.page.rows.iter().skip(index);
        let mut seen = 0;
        for row in rows {
            seen += row.height();
            if row.place == place && seen.saturating_sub(skipped) <= height as usize {
                return;
            }
        }
        self.stand_at(place.saturating_sub(height / 3), 0);
    }

    fn stand_at(&mut self, place: u64, skipped: usize) {
        if self.output.is_following() {
            self.output.seen = self.output.page.total;
        }
        self.output.position = Position::Line(place);
        self.output.skipped = skipped;
    }

    /// Scrolls sideways by some cells.
    pub(in crate::tui) fn shift_output(&mut self, by: isize) {
        if self.output.is_wrapped {
            return;
        }
        let longest = self.output.longest_line();
        let column = self.output.column.saturating_add_signed(by);
        self.output.column = column.min(longest.saturating_sub(1));
    }
}

impl OutputView {
    /// Cells of the longest line that was read.
    fn longest_line(&self) -> usize {
        let lines = self.page.rows.iter().filter_map(|row| row.line());
        let widths = lines.map(|line| line.text.width());
        widths.max().unwrap_or(0)
    }
}
