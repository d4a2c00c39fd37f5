//! The line of screens.
//!
//! ```text
//!  [1 Lanes] 2 Queue  3 Catalogue
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::View;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::layout::Breadth;
use crate::tui::state::Screen;
use crate::tui::text::{Strip, figure};

/// Draws the line.
pub(super) fn render(view: &View<'_>, buf: &mut Buffer) {
    let area = view.layout.tabs;
    if area.is_empty() {
        return;
    }
    let mut strip = view.strip(area.width);
    for (tab, _) in tabs(view) {
        strip.append(&tab);
    }
    strip.draw(area.as_position(), buf);
}

/// The screen whose name is at a place.
pub(super) fn action_at(view: &View<'_>, at: Position) -> Option<Action> {
    let mut right = 0;
    let mut tabs = tabs(view);
    let found = tabs.find(|(tab, _)| {
        right += tab.used();
        usize::from(at.x) < right
    });
    let (_, screen) = found.filter(|_| view.layout.tabs.contains(at))?;
    Some(screen.action())
}

fn tabs<'v>(view: &'v View<'_>) -> impl Iterator<Item = (Strip, Screen)> + 'v {
    let is_wide = view.layout.breadth == Breadth::Wide;
    let shown = view.state.screen;
    let has_servers = view.state.has_servers();
    let screens = Screen::ALL.into_iter();
    // Without servers there is nothing to lead to.
    let screens = screens.filter(move |it| *it != Screen::Servers || has_servers || shown == *it);
    screens.map(move |screen| {
        let is_shown = screen == shown;
        let (name, short) = screen.names();
        let role = if is_shown { Role::Accent } else { Role::Muted };
        let style = view.style(role);
        let mut tab = view.strip(view.layout.tabs.width);
        tab.put(if is_shown { " [" } else { "  " }, style);
        tab.put(figure::count(screen.number()), style).skip(1);
        tab.put(if is_wide { name } else { short }, style);
        tab.put(if is_shown { "]" } else { " " }, style);
        (tab, screen)
    })
}
