//! The theme that is being picked: whatever is marked is on the screen at once.

use crossterm::event::KeyEvent;

use super::Shortlist;
use crate::tui::text::fuzzy;

/// The themes there are and the one in use.
#[derive(Debug, Clone, Default)]
pub struct ThemeList {
    /// The names of all themes; none where the terminal shows no colours.
    pub names: Vec<String>,
    /// The theme in use.
    pub current: String,
}

/// The theme that is being picked.
#[derive(Debug)]
pub struct ThemePicker {
    /// The themes that the typed letters leave.
    pub list: Shortlist<String>,
    /// The theme that was in use before.
    pub before: String,
}

impl ThemePicker {
    /// Asks, with the theme in use marked.
    pub fn new(themes: &ThemeList) -> Self {
        let found = themes.names.clone();
        let marked = found.iter().position(|name| *name == themes.current);
        Self {
            list: Shortlist::new(found, marked.unwrap_or(0)),
            before: themes.current.clone(),
        }
    }

    /// Takes a typed key.
    pub fn key(&mut self, names: &[String], key: KeyEvent) {
        self.list.key(key, |typed| matching(names, typed));
    }

    /// Takes pasted text.
    pub fn paste(&mut self, names: &[String], text: &str) {
        self.list.paste(text, |typed| matching(names, typed));
    }
}

fn matching(names: &[String], typed: &str) -> Vec<String> {
    let found = fuzzy::matches(typed, names.iter().map(String::as_str));
    found.into_iter().map(|at| names[at].clone()).collect()
}
