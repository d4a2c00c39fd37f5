//! The calls that have ended, latest first, with their outcome.
//!
//! ```text
//! ┌ Finished 13 ─────────────────────────┐
//! │ #13 ✓ read_file   00:00.1   2.0K     │
//! │ #12 ✗ http_get    00:30.0   failed: exit code 28
//! └──────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;

use crate::model::{CallRow, CallState, Outcome};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::glyphs::{role_of_outcome, role_of_state};
use crate::tui::text::{Align, Cut, Piece, Strip, agent, args, figure};
use crate::tui::views::View;
use crate::tui::views::chrome::list::ListPane;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Finished).is_empty() {
        return;
    }
    let nothing = "Nothing has ended yet.";
    let pane = ListPane::counted(view, Pane::Finished, "Finished", nothing);
    let longest = pane.longest_name(view);
    pane.render(view, buf, |row, strip| call(view, row, longest, strip));
}

/// How a call ended: the outcome's word, the reason, and the line of standard
/// error that says most, as far as there is room. Without room a failure is
/// told by that line alone, else by its reason.
fn ending(view: &View<'_>, strip: &mut Strip, row: &CallRow) {
    let muted = view.style(Role::Muted);
    let is_planned = view.state.run.planned.contains(&row.id);
    let outcome = view.style(if is_planned {
        Role::Muted
    } else {
        role_of_state(&row.state)
    });
    let word = row.state.word();
    let planned = if is_planned { " as planned" } else { "" };
    let reason = row.reason.as_deref().map(Safe::new).unwrap_or_default();
    let said = row.error_line().map(Safe::new).unwrap_or_default();
    let is_failure = row.state == CallState::Ended(Outcome::Failed);
    let head = word.len() + planned.len() + 2;
    if is_failure && !is_planned && head + reason.width() > strip.room() {
        let best = if said.is_empty() { reason } else { said };
        strip.put(
            if best.is_empty() {
                Safe::new(word)
            } else {
                best
            },
            outcome,
        );
        return;
    }
    if is_planned && head > strip.room() + 2 {
        strip.put("planned", outcome);
        return;
    }
    strip.put(word, outcome).put(planned, outcome);
    for text in [reason, said] {
        if !text.is_empty() && strip.room() > 4 {
            strip.put(": ", muted).put(text, muted);
        }
    }
}

/// A call that has ended; names take at most the cells of the `longest`.
pub(in crate::tui) fn call(view: &View<'_>, row: &CallRow, longest: usize, strip: &mut Strip) {
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    let state = view.state;
    let width = strip.used() + strip.room();
    let name = agent::marked_name(row);
    let name_cells = (width / 3).clamp(8, 40).min(longest.max(8));
    let end = strip.used() + name_cells;
    strip.put_cut(name, name_cells, Cut::Middle, fg);
    strip.skip_to(end).skip(1);
    let elapsed = row.elapsed(state.run.now);
    let elapsed = elapsed.map_or_else(Piece::default, figure::took);
    strip.cell(elapsed, 7, Align::Right, muted).skip(1);
    match (&row.proxied, row.state) {
        (Some(call), CallState::Ended(outcome)) if outcome != Outcome::Succeeded => {
            let told = agent::stands(row, call, &state.run, state.run.now, strip.room());
            strip.put(told, view.style(role_of_outcome(outcome)));
        }
        (_, CallState::Ended(Outcome::Succeeded)) => succeeded(view, row, strip),
        _ => ending(view, strip, row),
    }
}

/// Returns the output of a success, the reason why it is one, and its arguments.
fn succeeded(view: &View<'_>, row: &CallRow, strip: &mut Strip) {
    let muted = view.style(Role::Muted);
    let bytes = figure::bytes(row.output.stdout_bytes);
    strip.cell(bytes, 5, Align::Right, muted);
    if let Some(reason) = row.reason.as_ref().filter(|_| strip.room() > 12) {
        let done = view.style(role_of_state(&row.state));
        strip
            .skip(1)
            .put("succeeded", done)
            .put(": ", muted)
            .put(Safe::new(reason), muted);
    }
    if strip.room() > 10 {
        let line = args::line(&row.args, view.state.catalogue.get(&row.tool));
        strip.skip(1).put(line, muted);
    }
}
