//! A new call that is being put together: first its tool, then its arguments.

use crossterm::event::KeyEvent;
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::model::{Tool, ToolName};
use crate::output::Safe;
use crate::tui::{fuzzy, schema};

use super::Field;

/// A new call that is being put together.
#[derive(Debug)]
pub struct AddCall {
    /// What was typed to narrow the tools.
    pub filter: Field,
    /// The tools it leaves, the best first.
    pub found: Vec<ToolName>,
    /// The marked one.
    pub marked: usize,
    /// The tool that was picked.
    pub tool: Option<ToolName>,
    /// Its arguments as JSON.
    pub args: Field,
    /// What is wrong with them.
    pub problems: Vec<Safe>,
}

impl AddCall {
    /// Asks for the tool.
    pub fn new(catalogue: &Catalogue) -> Self {
        let mut add = Self {
            filter: Field::single_line(),
            found: Vec::new(),
            marked: 0,
            tool: None,
            args: Field::with_text(""),
            problems: Vec::new(),
        };
        add.narrow(catalogue);
        add
    }

    /// Marks another tool, around the ends.
    pub fn turn(&mut self, by: isize) {
        let len = self.found.len().max(1);
        self.marked = (self.marked + len).saturating_add_signed(by) % len;
    }

    /// Takes the marked tool and begins its arguments.
    pub fn pick(&mut self, catalogue: &Catalogue) {
        if let Some(tool) = self
            .found
            .get(self.marked)
            .and_then(|name| catalogue.get(name))
        {
            self.begin(tool, &schema::skeleton(tool));
        }
    }

    /// Begins with arguments that are known.
    pub fn begin(&mut self, tool: &Tool, args: &Value) {
        let text = serde_json::to_string_pretty(args).unwrap_or_default();
        self.tool = Some(tool.name.clone());
        self.args = Field::with_text(&text);
        self.problems.clear();
    }

    /// Takes a typed key.
    pub fn key(&mut self, catalogue: &Catalogue, key: KeyEvent) {
        if self.tool.is_some() {
            self.args.key(key);
        } else {
            self.filter.key(key);
            self.narrow(catalogue);
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, catalogue: &Catalogue, text: &str) {
        if self.tool.is_some() {
            self.args.paste(text);
        } else {
            self.filter.paste(text);
            self.narrow(catalogue);
        }
    }

    fn narrow(&mut self, catalogue: &Catalogue) {
        let tools: Vec<&Tool> = catalogue.tools().collect();
        let names = tools.iter().map(|tool| tool.name.as_str());
        let found = fuzzy::matches(&self.filter.text(), names);
        self.found = found.into_iter().map(|at| tools[at].name.clone()).collect();
        self.marked = 0;
    }
}
