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

use super::{View, chrome};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::ThemePicker;

/// Draws the picker at the right edge, so that most of the screen stays in
/// sight.
pub(super) fn render(
    view: &View<'_>,
    picker: &ThemePicker,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let height = screen.height.saturating_sub(6).min(24);
    let right = screen.width.min(32);
    let side = Rect::new(screen.right() - right, screen.y, right, screen.height);
    let inner = chrome::popup(view, side, (right.saturating_sub(4), height), "Theme", buf);
    let mut prompt = view.strip(inner.width);
    prompt.skip(1).put("theme: ", view.style(Role::Muted));
    prompt.draw(inner.as_position(), buf);
    let used = (prompt.used() as u16).min(inner.width);
    let (width, line) = (inner.width - used, inner.height.min(1));
    let field = Rect::new(inner.x + used, inner.y, width, line);
    super::form::text_field(view, &picker.filter, true, field, buf);
    let rows = inner.height.saturating_sub(1);
    let rows = Rect::new(inner.x, inner.bottom() - rows, inner.width, rows);
    if picker.found.is_empty() {
        chrome::empty(view, rows, &["No theme is called like that."], buf);
        return None;
    }
    let first = (picker.marked + 1).saturating_sub(usize::from(rows.height).max(1));
    let visible = picker.found.iter().enumerate().skip(first);
    for ((index, name), y) in visible.zip(rows.y..rows.bottom()) {
        let is_marked = index == picker.marked;
        let bar = if is_marked {
            view.glyphs.selected()
        } else {
            " "
        };
        let mut strip = view.strip(rows.width);
        strip
            .put(bar, view.style(Role::Accent))
            .put(Safe::new(name), view.style(Role::Fg));
        strip.draw((rows.x, y), buf);
        if is_marked {
            let row = Rect::new(rows.x + 1, y, rows.width.saturating_sub(1), 1);
            chrome::mark(view, row, buf);
        }
    }
    None
}
