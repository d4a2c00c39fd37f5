//! The themes to pick from. The whole screen already wears the marked one.
//!
//! ```text
//! ┌ Theme ───────────────┐
//! │ theme: no            │
//! │▌nord                 │
//! └──────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::output::Safe;
use crate::theme::Role;
use crate::tui::dialogs::picker;
use crate::tui::dialogs::picker::Picker;
use crate::tui::state::ThemePicker;
use crate::tui::views::Hit;
use crate::tui::views::{View, chrome};

/// Its frame: at the right edge, so that most of the screen stays in sight.
fn area(screen: Rect) -> Rect {
    let height = screen.height.saturating_sub(6).min(24);
    let right = screen.width.min(32);
    let side = Rect::new(screen.right() - right, screen.y, right, screen.height);
    chrome::popup_area(side, (right.saturating_sub(4), height))
}

/// The row of the picker at a place of the screen.
pub(in crate::tui) fn choice_at(picker: &ThemePicker, screen: Rect, at: Position) -> Option<Hit> {
    picker::hit(area(screen), &picker.list, at)
}

/// Draws the picker.
pub(in crate::tui) fn render(
    view: &View<'_>,
    themes: &ThemePicker,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let inner = chrome::boxed(view, area(screen), "Theme", buf);
    let picker = Picker {
        prompt: "theme: ",
        list: &themes.list,
        nothing: "No theme is called like that.",
    };
    picker.render(view, inner, buf, |name, strip| {
        strip.put(Safe::new(name), view.style(Role::Fg));
    });
    None
}
