//! Input of panes and dialogs.

use ratatui::style::Style;

use crate::theme::{Role, Theme};
use crate::tui::state::{Layout, Pane, State};
use crate::tui::text::Strip;
use crate::tui::text::glyphs::Glyphs;

/// Input of a view.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// State of the dashboard.
    pub state: &'a State,
    /// Styles of the roles.
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

    pub(in crate::tui) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    pub(in crate::tui) fn strip(&self, width: u16) -> Strip {
        Strip::new(width, self.glyphs)
    }

    pub(in crate::tui) fn has_keys(&self, pane: Pane) -> bool {
        self.state.focus == pane && self.state.layers.is_empty()
    }
}

/// Cells for the widest call number of the run, as `#12`.
pub(in crate::tui) fn id_cells(state: &State) -> usize {
    state.run.calls.len().max(10).ilog10() as usize + 2
}
