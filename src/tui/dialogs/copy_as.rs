//! Choice of the part of a call to copy, and its form.
//!
//! ```text
//! ┌ Copy ────────────────────────────┐
//! │ as:                              │
//! │▌output as text                   │
//! │ output as JSON                   │
//! └──────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::theme::Role;
use crate::tui::dialogs::picker;
use crate::tui::dialogs::picker::Picker;
use crate::tui::state::CopyAs;
use crate::tui::views::Hit;
use crate::tui::views::{View, chrome};

/// Columns and rows inside its frame.
fn size(ways: &CopyAs) -> (u16, u16) {
    (44, ways.all.len() as u16 + 1)
}

/// The row of the picker at a place of the screen.
pub(in crate::tui) fn choice_at(ways: &CopyAs, screen: Rect, at: Position) -> Option<Hit> {
    let area = chrome::popup_area(screen, size(ways));
    picker::hit(area, &ways.list, at)
}

/// Draws the picker.
pub(in crate::tui) fn render(
    view: &View<'_>,
    ways: &CopyAs,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let inner = chrome::popup(view, screen, size(ways), "Copy", buf);
    let picker = Picker {
        prompt: "as: ",
        list: &ways.list,
        nothing: "Nothing is called like that.",
    };
    picker.render(view, inner, buf, |way, strip| {
        strip.put(way.label(), view.style(Role::Fg));
    });
    None
}
