//! A new call that is being put together: first its tool, then its form.

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::model::{Tool, ToolName};
use crate::tui::form::Form;
use crate::tui::text::fuzzy;

use super::{Choices, Shortlist};

/// A new call that is being put together.
#[derive(Debug)]
pub struct AddCall {
    /// The tools that the typed letters leave.
    pub list: Shortlist<ToolName>,
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
        Self {
            list: Shortlist::new(fuzzy::tools(catalogue, ""), 0),
            form: None,
            offered: None,
            is_tool_given: false,
        }
    }

    /// Asks for the arguments of a tool that is known.
    pub fn with_form(form: Form) -> Self {
        Self {
            list: Shortlist::new(Vec::new(), 0),
            form: Some(form),
            offered: None,
            is_tool_given: true,
        }
    }

    /// The marked tool.
    pub fn tool<'c>(&self, catalogue: &'c Catalogue) -> Option<&'c Tool> {
        catalogue.get(self.list.chosen()?)
    }

    /// Returns the list to choose from on a row with choices: narrowed by
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
            None => self.list.key(key, |typed| fuzzy::tools(catalogue, typed)),
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
            self.list
                .paste(text, |typed| fuzzy::tools(catalogue, typed));
        }
    }
}
