//! The theme that is being picked: whatever is marked is on the screen at once.

use crossterm::event::KeyEvent;

use super::{Field, turned};
use crate::tui::fuzzy;

/// The themes there are and the one in use.
#[derive(Debug, Clone, Default)]
pub struct Wardrobe {
    /// The names of all themes; none where the terminal shows no colours.
    pub names: Vec<String>,
    /// The theme in use.
    pub worn: String,
}

/// The theme that is being picked.
#[derive(Debug)]
pub struct ThemePicker {
    /// What was typed to narrow the themes.
    pub filter: Field,
    /// The themes it leaves, the best first.
    pub found: Vec<String>,
    /// The marked one.
    pub marked: usize,
    /// The theme that was in use before.
    pub before: String,
}

impl ThemePicker {
    /// Asks, with the theme in use marked.
    pub fn new(wardrobe: &Wardrobe) -> Self {
        let found = wardrobe.names.clone();
        let marked = found.iter().position(|name| *name == wardrobe.worn);
        Self {
            filter: Field::single_line(),
            found,
            marked: marked.unwrap_or(0),
            before: wardrobe.worn.clone(),
        }
    }

    /// The marked theme.
    pub fn marked(&self) -> Option<&str> {
        self.found.get(self.marked).map(String::as_str)
    }

    /// Marks another theme, around the ends.
    pub fn turn(&mut self, by: isize) {
        self.marked = turned(self.marked, self.found.len(), by);
    }

    /// Takes a typed key.
    pub fn key(&mut self, names: &[String], key: KeyEvent) {
        self.filter.key(key);
        self.narrow(names);
    }

    /// Takes pasted text.
    pub fn paste(&mut self, names: &[String], text: &str) {
        self.filter.paste(text);
        self.narrow(names);
    }

    fn narrow(&mut self, names: &[String]) {
        let found = fuzzy::matches(&self.filter.text(), names.iter().map(String::as_str));
        self.found = found.into_iter().map(|at| names[at].clone()).collect();
        self.marked = 0;
    }
}
