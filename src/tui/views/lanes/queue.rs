//! The calls that wait, in the order they would start, each with the one
//! reason that binds now.
//!
//! ```text
//! ┌ Queue 4 ─────────────────────────────┐
//! │ #18 ◌ report          after count    │
//! │ #19 ↻ fetch           retry in 1.2 s │
//! └──────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::CallRow;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::{Cut, args, figure, wait};
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Queue).is_empty() {
        return;
    }
    let state = view.state;
    let mut left = chrome::title(view, Pane::Queue, "Queue");
    left.put(
        figure::count(state.listed(Pane::Queue)),
        view.style(Role::Title),
    )
    .skip(1);
    let inner = chrome::frame(view, Pane::Queue, &left, &chrome::selector(view), buf);
    if state.listed(Pane::Queue) == 0 {
        chrome::empty(view, inner, &["Nothing waits."], buf);
        return;
    }
    let first = state.list(Pane::Queue).first;
    for (y, index) in (inner.y..inner.bottom()).zip(first..) {
        let Some(id) = state.call_at(Pane::Queue, index) else {
            return;
        };
        if let Some(row) = state.run.row(id) {
            call(
                view,
                row,
                Rect {
                    y,
                    height: 1,
                    ..inner
                },
                buf,
            );
        }
    }
}

fn call(view: &View<'_>, row: &CallRow, area: Rect, buf: &mut Buffer) {
    let state = view.state;
    let is_selected = state.selection.call() == Some(row.id);
    let muted = view.style(Role::Muted);
    let mut strip = chrome::row_start(view, row, area.width);
    let reason = wait::reason_of(row, &state.catalogue, &state.run, state.run_now());
    let room = strip.room();
    let name = Safe::new(row.name.as_str());
    let reason_room = reason
        .width()
        .min(room.saturating_sub(name.width().min(10) + 1));
    let name_room = room.saturating_sub(reason_room + 1);
    strip
        .put_cut(name, name_room, Cut::Middle, view.style(Role::Fg))
        .skip(1);
    let args_room = strip.room().saturating_sub(reason_room + 1);
    if args_room >= 8 {
        let line = args::line(&row.args, view.state.catalogue.get(&row.tool));
        strip.put_cut(line, args_room, Cut::End, muted);
    }
    strip.skip_to(usize::from(area.width).saturating_sub(reason_room));
    strip.put_cut(reason, reason_room, Cut::Middle, view.style(Role::Queued));
    strip.draw(area.as_position(), buf);
    if is_selected {
        chrome::select(view, Pane::Queue, area, buf);
    }
}
