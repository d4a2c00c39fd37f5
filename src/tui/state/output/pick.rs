//! Lines of the output that are picked with the mouse.

use std::ops::Range;

use crate::tui::state::{Pane, State};

/// Lines from the one that was pressed to the one under the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PickedLines {
    /// The place that was pressed.
    from: u64,
    /// The place that the pointer came to; `None` while it has not moved.
    to: Option<u64>,
}

impl PickedLines {
    /// The places that are picked; none before the pointer moved.
    pub fn places(self) -> Option<Range<u64>> {
        let to = self.to?;
        Some(self.from.min(to)..self.from.max(to) + 1)
    }
}

impl State {
    /// The place of the output in a row of the pane, or in the last one that
    /// has any.
    fn place_in(&self, row: usize) -> Option<u64> {
        let top = self.first_output_row();
        let rows = self.output.page.rows.iter().skip(top.index);
        let mut below = 0;
        let mut last = None;
        for one in rows {
            last = Some(one.place);
            below += one.height();
            if row + top.skipped < below {
                break;
            }
        }
        last
    }

    /// A row of the output pane is pressed: the picking begins there.
    pub(in crate::tui) fn begin_pick(&mut self, row: usize) {
        let from = self.place_in(row).filter(|_| !self.is_tree_shown());
        self.output.picked = from.map(|from| PickedLines { from, to: None });
    }

    /// The pointer moved to a line of the screen while it was pressed. Beyond
    /// the pane the output scrolls.
    pub(in crate::tui) fn pick_to(&mut self, line: u16) {
        if self.output.picked.is_none() {
            return;
        }
        let inner = self.layout().inner(Pane::Output);
        if line < inner.y {
            self.scroll_output(-1);
        } else if line >= inner.bottom() {
            self.scroll_output(1);
        }
        let last = inner.height.saturating_sub(1);
        let row = line.saturating_sub(inner.y).min(last);
        let place = self.place_in(usize::from(row));
        if let (Some(picked), Some(place)) = (&mut self.output.picked, place)
            && (picked.to.is_some() || place != picked.from)
        {
            picked.to = Some(place);
        }
    }
}
