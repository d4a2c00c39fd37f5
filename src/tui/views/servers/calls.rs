//! The calls of the selected server: those it works on, and what became of
//! the others.
//!
//! ```text
//! ┌ Calls of memory 5, 2 in flight ───────────────┐
//! │▌#14 ▸ add-note      00:02.1 cancel sent        │
//! │ #12 ✗ add-cause     00:00.2 tool error: no …   │
//! └────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{CallRow, CancelStatus};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::glyphs::role_of_state;
use crate::tui::text::{Align, Cut, Piece, figure};
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::ServerCalls).is_empty() {
        return;
    }
    let state = view.state;
    let title = view.style(Role::Title);
    let mut left = chrome::title(view, Pane::ServerCalls, "Calls");
    if let Some(row) = state.selected_server() {
        left.put("of ", title)
            .put(Safe::new(row.name.as_str()), title)
            .skip(1)
            .put(figure::count(state.servers.calls.len()), title);
        if row.in_flight > 0 {
            left.put(", ", title)
                .put(figure::count(row.in_flight), title)
                .put(" in flight", title);
        }
        left.skip(1);
    }
    let right = chrome::selector(view);
    let inner = chrome::frame(view, Pane::ServerCalls, &left, &right, buf);
    if state.listed(Pane::ServerCalls) == 0 {
        chrome::empty(view, inner, &["It was not asked anything yet."], buf);
        return;
    }
    let first = state.list(Pane::ServerCalls).first;
    for (y, index) in (inner.y..inner.bottom()).zip(first..) {
        let Some(row) = state
            .call_at(Pane::ServerCalls, index)
            .and_then(|id| state.run.row(id))
        else {
            return;
        };
        call(view, row, Rect::new(inner.x, y, inner.width, 1), buf);
    }
}

fn call(view: &View<'_>, row: &CallRow, area: Rect, buf: &mut Buffer) {
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    let own = view.style(role_of_state(&row.state));
    let mut strip = chrome::row_start(view, row, area.width);
    let name_cells = (usize::from(area.width) / 3).clamp(8, 24);
    let end = strip.used() + name_cells;
    strip.put_cut(Safe::new(row.name.as_str()), name_cells, Cut::Middle, fg);
    strip.skip_to(end).skip(1);
    let elapsed = row.elapsed(view.state.run_now());
    let elapsed = elapsed.map_or_else(Piece::default, figure::clock);
    strip.cell(elapsed, 7, Align::Right, muted).skip(1);
    strip.put(status(row), own);
    strip.draw(area.as_position(), buf);
    if view.state.selection.call() == Some(row.id) {
        chrome::select(view, Pane::ServerCalls, area, buf);
    }
}

/// Where a call stands: what is known of its cancel, how it ended, or what was
/// heard of it last.
fn status(row: &CallRow) -> Piece<'static> {
    if row.state.is_ended() {
        let word = Piece::from(row.state.word());
        return match &row.reason {
            Some(reason) => word.then(": ").then(Safe::new(reason)),
            None => word,
        };
    }
    let remote = row.remote.unwrap_or_default();
    match (remote.cancel, remote.progress) {
        (Some(truth), _) => Piece::from(CancelStatus::word(truth)),
        (None, Some(_)) => Safe::new(&row.output.last_line).into(),
        (None, None) => Piece::from(row.state.word()),
    }
}
