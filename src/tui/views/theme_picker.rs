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

use super::hits::Hit;
use super::picker::{self, Picker};
use super::{View, chrome};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::ThemePicker;

/// Its frame: at the right edge, so that most of the screen stays in sight.
fn area(screen: Rect) -> Rect {
    let height = screen.height.saturating_sub(6).min(24);
    let right = screen.width.min(32);
    let side = Rect::new(screen.right() - right, screen.y, right, screen.height);
    chrome::popup_area(side, (right.saturating_sub(4), height))
}

/// The row of the picker at a place of the screen.
pub(super) fn choice_at(picker: &ThemePicker, screen: Rect, at: Position) -> Option<Hit> {
    picker::hit(area(screen), &picker.list, at)
}

/// Draws the picker.
pub(super) fn render(
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
