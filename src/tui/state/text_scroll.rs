//! Position in a text that is made again for every frame.

use std::cell::Cell;

/// How far a text is scrolled, in rows. How far it can be is known from the
/// last frame.
#[derive(Debug, Clone, Default)]
pub struct TextScroll {
    row: Cell<usize>,
    last: Cell<usize>,
}

impl TextScroll {
    /// Scrolls by some rows, within the text as it was drawn last.
    pub fn scroll(&mut self, by: isize) {
        let last = self.last.get();
        let row = self.row.get().min(last).saturating_add_signed(by);
        self.row.set(row.min(last));
    }

    /// Notes that `visible` of `rows` fit. Returns how many are out of sight at
    /// the end that is scrolled away from.
    pub fn settle(&self, rows: usize, visible: usize) -> usize {
        let last = rows.saturating_sub(visible);
        self.last.set(last);
        self.row.get().min(last)
    }

    /// Brings a row of the text into sight, where `visible` fit.
    pub fn bring(&self, row: usize, visible: usize) {
        let first = self.row.get().min(self.last.get());
        if !(first..first + visible).contains(&row) {
            self.row.set(row.saturating_sub(visible / 3));
        }
    }
}
