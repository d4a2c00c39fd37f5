//! Moving about in the timeline.

use crate::tui::action::Action;
use crate::tui::state::refusal::refusal;
use crate::tui::state::{Selection, State, TimelineAreas, ToastLevel};
use crate::tui::timeline::RowMode;

pub(super) fn act(state: &mut State, action: Action) {
    let now = state.elapsed();
    let columns = TimelineAreas::of(state).columns();
    if action == Action::EarlierRun
        && let Some(reason) = refusal(state, action)
    {
        return state.say(ToastLevel::Info, reason);
    }
    let timeline = &mut state.timeline;
    match action {
        Action::CursorLeft => timeline.move_cursor(-1, columns, now),
        Action::CursorRight => timeline.move_cursor(1, columns, now),
        Action::ZoomIn => timeline.zoom(0.5, now),
        Action::ZoomOut => timeline.zoom(2.0, now),
        Action::Fit => timeline.window = None,
        Action::EarlierRun => timeline.turn_back(),
        _ => {
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
