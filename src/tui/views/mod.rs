//! What the screen looks like. Each panel is one file with one `render`; they
//! share the state by reference and change nothing.

mod add_call;
mod ask;
mod cap_prompt;
mod choices;
mod chrome;
mod continuation;
mod copy_as;
pub(super) mod detail;
pub(super) mod experiment;
mod experiment_bars;
mod experiment_plot;
mod experiment_words;
mod finished;
mod footer;
mod form;
mod header;
pub(super) mod help;
mod hits;
mod lane_columns;
mod lane_row;
mod lanes;
mod load;
mod machine;
mod messages;
pub(super) mod output;
mod output_title;
mod output_tree;
mod palette;
mod picker;
mod queue;
pub(super) mod scale;
pub(super) mod server;
mod server_calls;
mod servers;
mod table;
mod table_columns;
mod tabs;
pub(super) mod talk;
mod theme_picker;
pub(super) mod timeline;
mod timeline_bars;
mod timeline_before;
mod timeline_strip;
mod too_small;
pub(super) mod tool;
mod tools;
mod trend;
mod welcome;

pub use hits::{Hit, hit};

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::glyphs::Glyphs;
use super::layout::Layout;
use super::state::{Layer, Pane, State};
use super::text::Strip;
use crate::theme::{Role, Theme};

/// What a view may look at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// What is shown.
    pub state: &'a State,
    /// What roles look like.
    pub theme: &'a Theme,
    /// The signs.
    pub glyphs: Glyphs,
    /// Where the panes are.
    pub layout: Layout,
}

impl<'a> View<'a> {
    /// A view of the state.
    pub fn new(state: &'a State, theme: &'a Theme, glyphs: Glyphs) -> Self {
        Self {
            state,
            theme,
            glyphs,
            layout: state.layout(),
        }
    }

    fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    fn strip(&self, width: u16) -> Strip {
        Strip::new(width, self.glyphs)
    }

    fn has_keys(&self, pane: Pane) -> bool {
        self.state.focus == pane && self.state.layers.is_empty()
    }
}

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
    table::render(view, buf);
    timeline::render(view, buf);
    tools::render(view, buf);
    tool::render(view, buf);
    servers::render(view, buf);
    server::render(view, buf);
    server_calls::render(view, buf);
    talk::render(view, buf);
    queue::render(view, buf);
    finished::render(view, buf);
    output::render(view, buf);
    detail::render(view, buf);
    experiment::render(view, buf);
    footer::render(view, buf);
    continuation::render(view, area, buf);
    let mut cursor = None;
    for layer in &view.state.layers {
        cursor = match layer {
            Layer::Palette(palette) => palette::render(view, palette, area, buf),
            Layer::Machine => machine::render(view, area, buf),
            Layer::Welcome => welcome::render(view, area, buf),
            Layer::Messages(first) => messages::render(view, *first, area, buf),
            Layer::Help(first) => help::render(view, *first, area, buf),
            Layer::Ask(ask) => ask::render(view, *ask, area, buf),
            Layer::Filter(_) | Layer::Search(_) => None,
            Layer::Add(add) => add_call::render(view, add, area, buf),
            Layer::Themes(picker) => theme_picker::render(view, picker, area, buf),
            Layer::CopyAs(ways) => copy_as::render(view, ways, area, buf),
            Layer::Choices(choices) => choices::render(view, choices, area, buf),
            Layer::CapPrompt(field) => cap_prompt::render(view, field, area, buf),
        };
    }
    cursor
}

/// Cells for the widest call number of the run, as `#12`.
fn id_cells(state: &State) -> usize {
    state.run.calls.len().max(10).ilog10() as usize + 2
}
