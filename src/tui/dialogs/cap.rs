//! The field for the number of lanes.
//!
//! ```text
//! ┌ Set cap ────────────────────┐
//! │ lanes, 1 to 1024 or auto: 8 │
//! └─────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::theme::Role;
use crate::tui::text::field::TextField;
use crate::tui::views::{View, chrome};

/// Draws the field.
pub(in crate::tui) fn render(
    view: &View<'_>,
    field: &TextField,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let inner = chrome::popup(view, screen, (36, 1), "Set cap", buf);
    let mut strip = view.strip(inner.width);
    strip
        .skip(1)
        .put("lanes, 1 to 1024 or auto: ", view.style(Role::Fg));
    strip.draw(inner.as_position(), buf);
    let used = (strip.used() as u16).min(inner.width);
    let area = Rect::new(
        inner.x + used,
        inner.y,
        inner.width - used,
        inner.height.min(1),
    );
    crate::tui::dialogs::form::text_field(view, field, true, area, buf);
    None
}
