//! Areas of the parts of the timeline's pane.

use ratatui::layout::Rect;

use super::{Pane, State};
use crate::tui::timeline::RowMode;

/// Cells of the labels before the bars.
const LABEL: u16 = 18;
/// The same where the rows are lanes, or there is little room.
const LANE_LABEL: u16 = 8;

/// Where the parts of the chart are.
#[derive(Debug, Clone, Copy)]
pub(in crate::tui) struct TimelineAreas {
    /// The lines of the concurrency.
    pub(in crate::tui) strip: Rect,
    /// The rows, labels included.
    pub(in crate::tui) rows: Rect,
    /// The lanes of the run before, under a line of their own.
    pub(in crate::tui) before: Rect,
    /// The line of times.
    pub(in crate::tui) axis: Rect,
    /// The line of the cursor.
    pub(in crate::tui) cursor: Rect,
    /// Cells of the labels.
    pub(in crate::tui) label: u16,
}

impl TimelineAreas {
    /// The parts of the timeline's pane.
    pub(in crate::tui) fn of(state: &State) -> Self {
        let area = state.layout().inner(Pane::Timeline);
        let line =
            |y: u16, height: u16| Rect::new(area.x, y.min(area.bottom()), area.width, height);
        let below = 2.min(area.height);
        let room = area.height - below;
        // Rows that are not needed make the strip higher.
        let wanted = u16::try_from(rows_wanted(state)).unwrap_or(u16::MAX).max(1);
        let before = earlier_run_lines(state);
        let spare = room.saturating_sub(wanted).saturating_sub(before);
        let strip = if area.height >= 10 {
            spare.clamp(3, 12)
        } else {
            0
        };
        let room = room.saturating_sub(strip);
        let before = before.min(room.saturating_sub(wanted).max(room / 3));
        let (rows, before) = match before {
            // One line alone would have no lane under it.
            0 | 1 => (wanted.min(room), 0),
            before => (wanted.min(room - before), before),
        };
        let axis = area.y + strip + rows + before;
        Self {
            strip: line(area.y, strip),
            rows: line(area.y + strip, rows),
            before: line(area.y + strip + rows, before),
            axis: line(axis, u16::from(below > 0)),
            cursor: line(axis + 1, u16::from(below > 1)),
            label: match state.timeline.rows {
                RowMode::Calls if area.width >= 70 => LABEL,
                _ => LANE_LABEL,
            },
        }
    }

    /// The first visible row.
    pub(in crate::tui) fn first(&self, state: &State) -> usize {
        let visible = usize::from(self.rows.height);
        match state.timeline.rows {
            RowMode::Lanes => (state.timeline.lane + 1).saturating_sub(visible),
            RowMode::Calls => state.list(Pane::Timeline).first,
        }
    }

    /// Columns of the bars.
    pub(in crate::tui) fn columns(&self) -> u16 {
        self.rows.width.saturating_sub(self.label)
    }

    /// Where the bars of a part are.
    pub(in crate::tui) fn bars(&self, area: Rect) -> Rect {
        Rect::new(
            area.x + self.label.min(area.width),
            area.y,
            self.columns(),
            area.height,
        )
    }
}

/// How many rows there are, visible or not.
pub(in crate::tui) fn rows_wanted(state: &State) -> usize {
    match state.timeline.rows {
        RowMode::Lanes => state.timeline.model.lanes.len(),
        RowMode::Calls => state.listed(Pane::Timeline),
    }
}

/// Lines that it has use for: where there is a row for each lane, it has its
/// own lanes below them; where there is one for each call, it shares theirs.
pub(in crate::tui) fn earlier_run_lines(state: &State) -> u16 {
    match (state.timeline.earlier_run(), state.timeline.rows) {
        (Some(earlier_run), RowMode::Lanes) => {
            u16::try_from(earlier_run.lanes.len() + 1).unwrap_or(u16::MAX)
        }
        _ => 0,
    }
}
