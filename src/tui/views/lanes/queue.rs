//! The calls that wait, in the order they would start, each with the
//! reason that keeps it waiting. On a screen without room for two lists those
//! that have ended stand below them.
//!
//! ```text
//! ┌ Queue 4 ─────────────────────────────┐
//! │ #18 ◌ report          after count    │
//! │ #19 ↻ fetch           retry in 1.2 s │
//! └──────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;

use crate::model::CallRow;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::{Cut, Strip, agent, args, figure, wait};
use crate::tui::views::View;
use crate::tui::views::chrome::list::ListPane;
use crate::tui::views::lanes::finished;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Queue).is_empty() {
        return;
    }
    if !view.layout.is_stacked {
        let pane = ListPane::counted(view, Pane::Queue, "Queue", "Nothing waits.");
        pane.render(view, buf, |row, strip| call(view, row, strip));
        return;
    }
    let run = &view.state.run;
    let nothing = "Nothing waits, and nothing has ended yet.";
    let mut pane = ListPane::named(view, Pane::Queue, "Queue", nothing);
    let title = view.style(Role::Title);
    pane.title
        .put(figure::count(run.queue.len()), title)
        .put(", finished ", title)
        .put(figure::count(run.finished.len()), title)
        .skip(1);
    let longest = pane.longest_name(view);
    pane.render(view, buf, |row, strip| {
        if row.state.is_ended() {
            finished::call(view, row, longest, strip);
        } else {
            call(view, row, strip);
        }
    });
}

/// A call that waits: its name and arguments take what its reason leaves.
fn call(view: &View<'_>, row: &CallRow, strip: &mut Strip) {
    let state = view.state;
    let muted = view.style(Role::Muted);
    let width = strip.used() + strip.room();
    let now = state.run_now();
    let name = agent::marked_name(row);
    let room = strip.room();
    let kept = name.width().min(10) + 1;
    let reason = match &row.proxied {
        Some(call) => agent::stands(row, call, &state.run, now, room * 3 / 5),
        None => wait::reason_in(
            row,
            &state.catalogue,
            &state.run,
            now,
            room.saturating_sub(kept),
            view.glyphs.ellipsis(),
        ),
    };
    let reason_room = reason.width().min(room.saturating_sub(kept));
    let name_room = room.saturating_sub(reason_room + 1);
    strip
        .put_cut(name, name_room, Cut::Middle, view.style(Role::Fg))
        .skip(1);
    let args_room = strip.room().saturating_sub(reason_room + 1);
    if args_room >= 8 {
        let line = args::line(&row.args, view.state.catalogue.get(&row.tool));
        strip.put_cut(line, args_room, Cut::End, muted);
    }
    strip.skip_to(width.saturating_sub(reason_room));
    strip.put_cut(reason, reason_room, Cut::Middle, view.style(Role::Queued));
}
