//! A new call that is being put together: first its tool, then its form.

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::model::{Tool, ToolName};
use crate::tui::form::Form;
use crate::tui::fuzzy;

use super::{Choices, Field, turned};

/// A new call that is being put together.
#[derive(Debug)]
pub struct AddCall {
    /// What was typed to narrow the tools.
    pub filter: Field,
    /// The tools it leaves, the best first.
    pub found: Vec<ToolName>,
    /// The marked one.
    pub marked: usize,
    /// The form of the tool that was picked.
    pub form: Option<Form>,
    /// A JSON object that was pasted, until it is said what it is for.
    pub offered: Option<Value>,
    /// Whether the tool was chosen elsewhere, so that there is no way back to
    /// the list of tools.
    pub is_tool_given: bool,
}

impl AddCall {
    /// Asks for the tool.
    pub fn new(catalogue: &Catalogue) -> Self {
        let mut add = Self {
            filter: Field::single_line(),
            found: Vec::new(),
            marked: 0,
            form: None,
            offered: None,
            is_tool_given: false,
        };
        add.narrow(catalogue);
        add
    }

    /// Asks for the arguments of a tool that is known.
    pub fn with_form(form: Form) -> Self {
        Self {
            filter: Field::single_line(),
            found: Vec::new(),
            marked: 0,
            form: Some(form),
            offered: None,
            is_tool_given: true,
        }
    }

    /// Marks another tool, around the ends.
    pub fn turn(&mut self, by: isize) {
        self.marked = turned(self.marked, self.found.len(), by);
    }

    /// The marked tool.
    pub fn tool<'c>(&self, catalogue: &'c Catalogue) -> Option<&'c Tool> {
        catalogue.get(self.found.get(self.marked)?)
    }

    /// What a key asks for on a row that is chosen from a list: to find one by
    /// typing.
    pub fn choices(&self, key: KeyEvent) -> Option<Choices> {
        let form = self.form.as_ref()?;
        let (labels, chosen) = form.fields.get(form.focus)?.choices()?;
        let mut choices = Choices::new(form.focus, labels, chosen);
        match key.code {
            KeyCode::Enter => {}
            KeyCode::Char(' ') => return None,
            KeyCode::Char(_) => choices.key(key),
            _ => return None,
        }
        Some(choices)
    }

    /// Takes a typed key.
    pub fn key(&mut self, catalogue: &Catalogue, key: KeyEvent) {
        match &mut self.form {
            // Enter goes on to the next row where it means nothing else.
            Some(form) if key.code == KeyCode::Enter && !form.is_in_text() => {
                form.turn(1, catalogue);
            }
            Some(form) => {
                form.key(key);
            }
            None => {
                self.filter.key(key);
                self.narrow(catalogue);
            }
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, catalogue: &Catalogue, text: &str) {
        if let Some(form) = &mut self.form {
            self.offered = form.offered(text);
            if self.offered.is_none() {
                form.paste(text);
            }
        } else {
            self.filter.paste(text);
            self.narrow(catalogue);
        }
    }

    fn narrow(&mut self, catalogue: &Catalogue) {
        self.found = fuzzy::tools(catalogue, &self.filter.text());
        self.marked = 0;
    }
}
