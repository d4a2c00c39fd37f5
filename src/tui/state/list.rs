//! Position in a list: the row with the selection, and the first visible row.

/// Position in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListView {
    /// The row the selection is or was on.
    pub row: usize,
    /// The first visible row.
    pub first: usize,
    /// Whether it was scrolled away from the selection, which may then be out
    /// of sight until it moves.
    pub is_scrolled: bool,
}

impl ListView {
    /// Scrolls by some rows and leaves the selection where it is.
    pub fn scroll(&mut self, by: isize, len: usize, visible: usize) {
        let last = len.saturating_sub(visible);
        self.first = self.first.saturating_add_signed(by).min(last);
        self.is_scrolled = true;
    }

    /// Puts the list in order: of `len` rows `visible` fit, and the one that
    /// is selected must be among them.
    pub fn settle(&mut self, len: usize, visible: usize, selected: Option<usize>) {
        if let Some(row) = selected {
            self.row = row;
        }
        self.row = self.row.min(len.saturating_sub(1));
        self.first = self.first.min(len.saturating_sub(visible));
        if selected.is_some() && visible > 0 && !self.is_scrolled {
            let lowest = (self.row + 1).saturating_sub(visible);
            self.first = self.first.clamp(lowest, self.row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_visible_and_the_end_is_not_passed() {
        let mut list = ListView::default();
        list.settle(100, 10, Some(50));
        assert_eq!(list.first, 41);
        list.settle(100, 10, Some(45));
        assert_eq!(list.first, 41);
        list.scroll(-20, 100, 10);
        list.settle(100, 10, Some(45));
        assert_eq!((list.row, list.first), (45, 21));
        list.is_scrolled = false;
        list.settle(5, 10, Some(4));
        assert_eq!(list.first, 0);
        list.settle(0, 10, None);
        assert_eq!(list, ListView::default());
    }
}
