//! The line of screens.
//!
//! ```text
//!  [1 Lanes] 2 Queue  3 Catalogue
//! ```

use ratatui::buffer::Buffer;

use super::View;
use crate::theme::Role;
use crate::tui::layout::Breadth;
use crate::tui::state::Screen;
use crate::tui::text::figure;

/// Draws the line.
pub(super) fn render(view: &View<'_>, buf: &mut Buffer) {
    let area = view.layout.tabs;
    if area.is_empty() {
        return;
    }
    let is_wide = view.layout.breadth == Breadth::Wide;
    let mut strip = view.strip(area.width);
    for (index, screen) in Screen::ALL.into_iter().enumerate() {
        let is_shown = screen == view.state.screen;
        let (name, short) = screen.names();
        let role = if is_shown { Role::Accent } else { Role::Muted };
        let style = view.style(role);
        strip.put(if is_shown { " [" } else { "  " }, style);
        strip.put(figure::count(index + 1), style).skip(1);
        strip.put(if is_wide { name } else { short }, style);
        strip.put(if is_shown { "]" } else { " " }, style);
    }
    strip.draw(area.as_position(), buf);
}
