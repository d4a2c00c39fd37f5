//! Input of panes and dialogs.

use ratatui::style::Style;

use crate::theme::{Role, Theme};
use crate::tui::action::Context;
use crate::tui::state::{Layout, Pane, State};
use crate::tui::text::field::TextField;
use crate::tui::text::glyphs::Glyphs;
use crate::tui::text::{Piece, Strip};

/// Input of a view.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// State of the dashboard.
    pub state: &'a State,
    /// Styles of the roles.
    pub theme: &'a Theme,
    /// The signs.
    pub glyphs: Glyphs,
    /// Where the panes are.
    pub layout: Layout,
    /// The dialog that covers the screen, if one is open.
    pub covered: Option<Covered<'a>>,
}

/// Parts of a dialog that the screen below it shows.
#[derive(Debug, Clone)]
pub struct Covered<'a> {
    /// Contexts whose keys are heard.
    pub contexts: &'static [Context],
    /// The field that takes the place of the line of messages.
    pub line: Option<InputLine<'a>>,
}

/// A field in the line of messages.
#[derive(Debug, Clone)]
pub struct InputLine<'a> {
    /// The words before it.
    pub prompt: &'static str,
    /// The field.
    pub field: &'a TextField,
    /// The words behind it.
    pub note: Option<(Piece<'static>, Role)>,
}

impl<'a> View<'a> {
    /// A view of the state.
    pub fn new(state: &'a State, theme: &'a Theme, glyphs: Glyphs) -> Self {
        Self {
            state,
            theme,
            glyphs,
            layout: state.layout(),
            covered: None,
        }
    }

    pub(in crate::tui) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    pub(in crate::tui) fn strip(&self, width: u16) -> Strip {
        Strip::new(width, self.glyphs)
    }

    pub(in crate::tui) fn has_keys(&self, pane: Pane) -> bool {
        self.state.focus == pane && self.covered.is_none()
    }

    /// Returns the contexts whose keys are heard, the nearest first.
    pub(in crate::tui) fn contexts(&self) -> &'static [Context] {
        match &self.covered {
            Some(covered) => covered.contexts,
            None => self.state.ground_contexts(),
        }
    }
}

/// Cells for the widest call number of the run, as `#12`.
pub(in crate::tui) fn id_cells(state: &State) -> usize {
    state.run.calls.len().max(10).ilog10() as usize + 2
}
