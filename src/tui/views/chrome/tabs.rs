//! The line of screens.
//!
//! ```text
//!  [1 Lanes] 2 Queue  3 Catalogue
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::Screen;
use crate::tui::text::{Strip, figure};
use crate::tui::views::View;

/// Draws the line.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    let area = view.layout.tabs;
    if area.is_empty() {
        return;
    }
    let mut strip = view.strip(area.width);
    for (tab, _) in &tabs(view) {
        strip.append(tab);
    }
    strip.draw(area.as_position(), buf);
}

/// The screen whose name is at a place.
pub(in crate::tui) fn action_at(view: &View<'_>, at: Position) -> Option<Action> {
    let mut right = 0;
    let found = tabs(view).into_iter().find(|(tab, _)| {
        right += tab.used();
        usize::from(at.x) < right
    });
    let (_, screen) = found.filter(|_| view.layout.tabs.contains(at))?;
    Some(screen.action())
}

/// How the names of the screens are written.
#[derive(Debug, Clone, Copy)]
enum TabForm {
    /// In full.
    Full,
    /// Shortened, the screen that is shown in full.
    Short,
    /// The numbers alone, the screen that is shown in full.
    Numbers,
}

/// Every screen in the longest form in which all have room.
fn tabs(view: &View<'_>) -> Vec<(Strip, Screen)> {
    let room = usize::from(view.layout.tabs.width);
    let mut tabs = tabs_in(view, TabForm::Full);
    for form in [TabForm::Short, TabForm::Numbers] {
        if tabs.iter().map(|(tab, _)| tab.used()).sum::<usize>() <= room {
            break;
        }
        tabs = tabs_in(view, form);
    }
    tabs
}

fn tabs_in(view: &View<'_>, form: TabForm) -> Vec<(Strip, Screen)> {
    let shown = view.state.screen;
    let has_servers = view.state.has_servers();
    let screens = Screen::ALL.into_iter();
    // Without servers there is nothing to lead to.
    let screens = screens.filter(|it| *it != Screen::Servers || has_servers || shown == *it);
    let made = screens.map(|screen| (tab(view, screen, form), screen));
    made.collect()
}

fn tab(view: &View<'_>, screen: Screen, form: TabForm) -> Strip {
    let is_shown = screen == view.state.screen;
    let (name, short) = screen.names();
    let role = if is_shown { Role::Accent } else { Role::Muted };
    let style = view.style(role);
    let mut tab = view.strip(view.layout.tabs.width);
    tab.put(if is_shown { " [" } else { "  " }, style);
    tab.put(figure::count(screen.number()), style);
    match form {
        TabForm::Numbers if !is_shown => {}
        TabForm::Short if !is_shown => {
            tab.skip(1).put(short, style);
        }
        TabForm::Full | TabForm::Short | TabForm::Numbers => {
            tab.skip(1).put(name, style);
        }
    }
    tab.put(if is_shown { "]" } else { " " }, style);
    tab
}
