//! State of the catalogue's screen: the listed tools, the selected one, and how
//! far its description is scrolled.

use crate::catalogue::Catalogue;
use crate::model::ToolName;
use crate::tui::text::fuzzy;

use super::{ListView, TextScroll};

/// State of the catalogue's screen.
#[derive(Debug, Clone, Default)]
pub struct ToolsView {
    /// Filter of the tools.
    pub filter: String,
    /// The tools, the best first.
    pub found: Vec<ToolName>,
    /// Position in the list.
    pub list: ListView,
    /// The selected tool.
    pub selected: Option<ToolName>,
    /// How far its description is scrolled.
    pub scroll: TextScroll,
}

impl ToolsView {
    /// All tools, with the first one selected.
    pub fn new(catalogue: &Catalogue) -> Self {
        let mut view = Self::default();
        view.narrow(catalogue, "");
        view
    }

    /// Lists the tools that a few typed letters mean; the best is selected.
    pub fn narrow(&mut self, catalogue: &Catalogue, filter: &str) {
        filter.clone_into(&mut self.filter);
        self.found = fuzzy::tools(catalogue, filter);
        self.list = ListView::default();
        self.select(0);
    }

    /// Lists the tools again after the catalogue has changed; the selected one
    /// stays.
    pub fn renew(&mut self, catalogue: &Catalogue) {
        self.found = fuzzy::tools(catalogue, &self.filter);
        let selected = self.selected.as_ref();
        let place = self.found.iter().position(|name| Some(name) == selected);
        match place {
            Some(row) => self.list.row = row,
            None => self.select(0),
        }
    }

    /// Moves the selection by some rows.
    pub fn step(&mut self, by: isize) {
        let last = self.found.len().saturating_sub(1);
        self.select(self.list.row.saturating_add_signed(by).min(last));
    }

    /// Selects the tool in a row.
    pub fn select(&mut self, row: usize) {
        self.list.row = row.min(self.found.len().saturating_sub(1));
        self.list.is_scrolled = false;
        self.selected = self.found.get(self.list.row).cloned();
        self.scroll = TextScroll::default();
    }
}
