//! One line for a screen that is too small. Keys still work.
//!
//! ```text
//! terminal 38×7; need 40×8
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::theme::Role;
use crate::tui::state::layout::SMALLEST;
use crate::tui::text::figure;
use crate::tui::views::View;

/// Draws the line.
pub(in crate::tui) fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let mut strip = view.strip(area.width);
    let style = view.style(Role::Fg);
    strip
        .put("terminal ", style)
        .put(figure::size(area.width, area.height), style)
        .put("; need ", style)
        .put(figure::size(SMALLEST.0, SMALLEST.1), style);
    strip.draw(area.as_position(), buf);
}
