//! The calls that have ended, latest first, with their outcome.
//!
//! ```text
//! ┌ Finished 13 ─────────────────────────┐
//! │ #13 ✓ read_file   00:00.1   2.0K     │
//! │ #12 ✗ http_get    00:30.0   failed: exit code 28
//! └──────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::model::{CallRow, CallState, Outcome};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::glyphs::{role_of_outcome, role_of_state};
use crate::tui::text::{Align, Cut, Piece, Strip, agent, figure};
use crate::tui::views::View;
use crate::tui::views::chrome::list::ListPane;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Finished).is_empty() {
        return;
    }
    let nothing = "Nothing has ended yet.";
    let pane = ListPane::counted(view, Pane::Finished, "Finished", nothing);
    pane.render(view, buf, |row, strip| call(view, row, strip));
}

/// The outcome's word and the reason; where both have no room, a failure is
/// shown by its reason alone.
fn ending(strip: &mut Strip, row: &CallRow, outcome: Style, muted: Style) {
    let word = row.state.word();
    let reason = row.reason.as_deref().map(Safe::new).unwrap_or_default();
    let is_failure = row.state == CallState::Ended(Outcome::Failed);
    let fits = word.len() + 2 + reason.width() <= strip.room();
    if is_failure && !fits && !reason.is_empty() {
        strip.put(reason, outcome);
        return;
    }
    strip.put(word, outcome);
    if !reason.is_empty() && strip.room() > 4 {
        strip.put(": ", muted).put(reason, muted);
    }
}

fn call(view: &View<'_>, row: &CallRow, strip: &mut Strip) {
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    let outcome = view.style(role_of_state(&row.state));
    let width = strip.used() + strip.room();
    let name_cells = (width / 3).clamp(8, 24);
    let end = strip.used() + name_cells;
    strip.put_cut(agent::marked_name(row), name_cells, Cut::Middle, fg);
    strip.skip_to(end).skip(1);
    let elapsed = row
        .elapsed(view.state.run.now)
        .map_or_else(Piece::default, figure::took);
    strip.cell(elapsed, 7, Align::Right, muted).skip(1);
    if let (Some(call), CallState::Ended(outcome)) = (&row.proxied, row.state)
        && outcome != Outcome::Succeeded
    {
        let told = agent::stands(row, call, &view.state.run, view.state.run.now, strip.room());
        strip.put(told, view.style(role_of_outcome(outcome)));
    } else if row.state == CallState::Ended(Outcome::Succeeded) {
        strip.cell(
            figure::bytes(row.output.stdout_bytes),
            5,
            Align::Right,
            muted,
        );
        if strip.room() > 12 {
            strip.skip(1).put("succeeded", outcome);
            if let Some(reason) = &row.reason {
                strip.put(": ", muted).put(Safe::new(reason), muted);
            }
        }
    } else {
        ending(strip, row, outcome, muted);
    }
}
