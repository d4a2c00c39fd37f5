//! Pictures of the screens. Each panel is one file with one `render`; they
//! share the state by reference and change nothing.

pub(super) mod agents;
pub(super) mod catalogue;
pub(super) mod chrome;
pub(super) mod experiments;
mod hit_test;
mod lanes;
pub(super) mod machine;
pub(super) mod output;
mod queue;
pub(super) mod servers;
mod timeline;
mod view;

pub use hit_test::{Hit, hit};
pub(in crate::tui) use view::id_cells;
pub use view::{Covered, InputLine, View};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::Layout;
use crate::theme::Role;
use chrome::{continuation, footer, header, tabs, too_small};

/// Draws the whole screen but for the dialogs on it.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    buf.set_style(area, view.style(Role::Fg).patch(view.style(Role::Bg)));
    if Layout::is_too_small(view.state) {
        too_small::render(view, area, buf);
        return;
    }
    header::render(view, view.layout.header, buf);
    tabs::render(view, buf);
    lanes::render(view, buf);
    queue::render(view, buf);
    machine::render(view, buf);
    timeline::render(view, buf);
    catalogue::render(view, buf);
    catalogue::tool::render(view, buf);
    servers::render(view, buf);
    servers::server::render(view, buf);
    servers::calls::render(view, buf);
    servers::messages::render(view, buf);
    agents::render(view, buf);
    agents::calls::render(view, buf);
    agents::wire::render(view, buf);
    lanes::queue::render(view, buf);
    lanes::finished::render(view, buf);
    output::render(view, buf);
    output::detail::render(view, buf);
    experiments::render(view, buf);
    footer::render(view, buf);
    continuation::render(view, area, buf);
}
