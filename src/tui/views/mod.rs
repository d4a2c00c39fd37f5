//! Pictures of the screens. Each panel is one file with one `render`; they
//! share the state by reference and change nothing.

pub(super) mod catalogue;
pub(super) mod chrome;
pub(super) mod experiments;
mod hit_test;
mod lanes;
pub(super) mod output;
mod queue;
pub(super) mod servers;
mod timeline;
mod view;

pub use hit_test::{Hit, hit};
pub use view::View;
pub(in crate::tui) use view::id_cells;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::dialogs;
use super::state::{Layer, Layout};
use crate::theme::Role;
use chrome::{continuation, footer, header, tabs, too_small};

/// Draws the whole screen; where the cursor is, if anywhere.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) -> Option<Position> {
    buf.set_style(area, view.style(Role::Fg).patch(view.style(Role::Bg)));
    if Layout::is_too_small(view.state) {
        too_small::render(view, area, buf);
        return None;
    }
    header::render(view, view.layout.header, buf);
    tabs::render(view, buf);
    lanes::render(view, buf);
    queue::render(view, buf);
    timeline::render(view, buf);
    catalogue::render(view, buf);
    catalogue::tool::render(view, buf);
    servers::render(view, buf);
    servers::server::render(view, buf);
    servers::calls::render(view, buf);
    servers::messages::render(view, buf);
    lanes::queue::render(view, buf);
    lanes::finished::render(view, buf);
    output::render(view, buf);
    output::detail::render(view, buf);
    experiments::render(view, buf);
    footer::render(view, buf);
    continuation::render(view, area, buf);
    let mut cursor = None;
    for layer in &view.state.layers {
        cursor = match layer {
            Layer::Palette(palette) => dialogs::palette::render(view, palette, area, buf),
            Layer::Machine => dialogs::machine::render(view, area, buf),
            Layer::Welcome => dialogs::welcome::render(view, area, buf),
            Layer::Messages(first) => dialogs::messages::render(view, *first, area, buf),
            Layer::Help(first) => dialogs::help::render(view, *first, area, buf),
            Layer::Ask(ask) => dialogs::confirm::render(view, *ask, area, buf),
            Layer::Filter(_) | Layer::Search(_) => None,
            Layer::Add(add) => dialogs::add_call::render(view, add, area, buf),
            Layer::Themes(picker) => dialogs::theme_picker::render(view, picker, area, buf),
            Layer::CopyAs(ways) => dialogs::copy_as::render(view, ways, area, buf),
            Layer::Choices(choices) => dialogs::choices::render(view, choices, area, buf),
            Layer::CapPrompt(field) => dialogs::cap::render(view, field, area, buf),
        };
    }
    cursor
}
