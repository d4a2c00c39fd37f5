//! Everything that can be done, to be found by typing.
//!
//! ```text
//! ┌ Commands ───────────────────────────────────────────────────────┐
//! │ command: can                                                     │
//! │▌cancel      x       Cancel by SIGTERM, and SIGKILL after the gr… │
//! │ cancel all  Ctrl+x  not now: every call has ended                │
//! └──────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, Danger, entry};
use crate::tui::dialogs::picker;
use crate::tui::dialogs::picker::Picker;
use crate::tui::state::Palette;
use crate::tui::state::refusal::refusal;
use crate::tui::text::{Align, Strip};
use crate::tui::views::Hit;
use crate::tui::views::{View, chrome};

/// The row of the palette at a place of the screen.
pub(in crate::tui) fn choice_at(palette: &Palette, screen: Rect, at: Position) -> Option<Hit> {
    let area = chrome::popup_area(screen, size(palette, screen));
    picker::hit(area, &palette.list, at)
}

/// Where it is drawn: the columns and rows inside its frame.
pub(in crate::tui) fn size(palette: &Palette, screen: Rect) -> (u16, u16) {
    let rows = u16::try_from(palette.list.found.len()).unwrap_or(u16::MAX);
    let most = screen.height.saturating_sub(6).min(18);
    // The box keeps its height while the letters are typed.
    (
        screen.width.saturating_sub(6).min(92),
        most.max(rows.min(3)),
    )
}

/// Draws the palette.
pub(in crate::tui) fn render(
    view: &View<'_>,
    palette: &Palette,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let inner = chrome::popup(view, screen, size(palette, screen), "Commands", buf);
    let picker = Picker {
        prompt: "command: ",
        list: &palette.list,
        nothing: "Nothing is called like that.",
    };
    picker.render(view, inner, buf, |action, strip| row(view, *action, strip));
    None
}

fn row(view: &View<'_>, action: Action, strip: &mut Strip) {
    let entry = entry(action);
    let key = view.state.keymap.key(action).unwrap_or_default();
    let reason = refusal(view.state, action);
    let label = match (reason, entry.danger) {
        (Some(_), _) => Role::Muted,
        (None, Danger::None) => Role::Fg,
        (None, _) => Role::Danger,
    };
    let key_role = if reason.is_some() {
        Role::Muted
    } else {
        Role::KeyHint
    };
    strip.cell(entry.label, 14, Align::Left, view.style(label));
    strip
        .skip(1)
        .cell(Safe::new(&key), 9, Align::Left, view.style(key_role))
        .skip(1);
    match reason {
        Some(reason) => strip
            .put("not now: ", view.style(Role::Stopping))
            .put(reason, view.style(Role::Stopping)),
        None => strip.put(entry.help, view.style(Role::Muted)),
    };
}
