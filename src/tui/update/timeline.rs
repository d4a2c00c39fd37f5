//! Actions of the timeline.

use crate::tui::action::TimelineAction;
use crate::tui::state::refusal;
use crate::tui::state::{Selection, State, TimelineAreas, ToastLevel};
use crate::tui::timeline::RowMode;

/// Carries an action out.
pub(super) fn act(state: &mut State, action: TimelineAction) {
    let now = state.elapsed();
    let columns = TimelineAreas::of(state).columns();
    if action == TimelineAction::EarlierRun
        && let Some(reason) = refusal::of_earlier_run(state)
    {
        return state.notify(ToastLevel::Info, reason);
    }
    let timeline = &mut state.timeline;
    match action {
        TimelineAction::CursorLeft => timeline.move_cursor(-1, columns, now),
        TimelineAction::CursorRight => timeline.move_cursor(1, columns, now),
        TimelineAction::ZoomIn => timeline.zoom(0.5, now),
        TimelineAction::ZoomOut => timeline.zoom(2.0, now),
        TimelineAction::Fit => timeline.window = None,
        TimelineAction::EarlierRun => timeline.turn_back(),
        TimelineAction::TimelineRows => {
            timeline.rows = match timeline.rows {
                RowMode::Lanes => RowMode::Calls,
                RowMode::Calls => RowMode::Lanes,
            };
        }
    }
    if state.timeline.rows == RowMode::Lanes {
        select_under_cursor(state);
    }
}

/// The cursor to a column of the bars.
pub(super) fn to_column(state: &mut State, column: u16) {
    let now = state.elapsed();
    let columns = TimelineAreas::of(state).columns();
    let shown = state.timeline.shown(now);
    state.timeline.cursor = Some(shown.time(column.min(columns), columns));
    if state.timeline.rows == RowMode::Lanes {
        select_under_cursor(state);
    }
}

/// Another lane; its call under the cursor is selected, else its last one.
pub(super) fn lane(state: &mut State, by: isize) {
    let last = state.timeline.model.lanes.len().saturating_sub(1);
    let next = state.timeline.lane.saturating_add_signed(by).min(last);
    state.timeline.lane = next;
    select_under_cursor(state);
}

fn select_under_cursor(state: &mut State) {
    let now = state.elapsed();
    let timeline = &state.timeline;
    let time = timeline.cursor.unwrap_or(now);
    let bars = timeline.model.lane(timeline.lane, time, time);
    let under = bars
        .iter()
        .find(|bar| bar.from <= time && time <= bar.end(now));
    if let Some(bar) = under {
        state.selection = Selection::Chosen(bar.call);
    }
}
