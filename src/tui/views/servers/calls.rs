//! The calls of the selected server: those in flight first, then the latest.
//!
//! ```text
//! ┌ Calls of memory 5, 2 in flight ───────────────┐
//! │▌#14 ▸ add-note      00:02.1 cancel sent        │
//! │ #12 ✗ add-cause     00:00.2 tool error: no …   │
//! └────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;

use crate::model::{CallRow, CancelStatus};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::glyphs::role_of_state;
use crate::tui::text::{Align, Cut, Piece, Strip, figure};
use crate::tui::views::chrome::list::ListPane;
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
    let pane = ListPane {
        pane: Pane::ServerCalls,
        title: left,
        nothing: "It has not received any call yet.",
    };
    pane.render(view, buf, |row, strip| call(view, row, strip));
}

fn call(view: &View<'_>, row: &CallRow, strip: &mut Strip) {
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    let own = view.style(role_of_state(&row.state));
    let width = strip.used() + strip.room();
    let name_cells = (width / 3).clamp(8, 24);
    let end = strip.used() + name_cells;
    strip.put_cut(Safe::new(row.name.as_str()), name_cells, Cut::Middle, fg);
    strip.skip_to(end).skip(1);
    let elapsed = row.elapsed(view.state.run_now());
    let elapsed = elapsed.map_or_else(Piece::default, figure::clock);
    strip.cell(elapsed, 7, Align::Right, muted).skip(1);
    strip.put(status(row), own);
}

/// Returns the status of a call: its cancel, its outcome, or its last progress.
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
