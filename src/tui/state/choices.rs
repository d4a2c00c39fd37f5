//! The values that a row of a form takes, to be found by typing.

use crossterm::event::KeyEvent;

use super::{Field, turned};
use crate::tui::fuzzy;

/// The values to choose from.
#[derive(Debug)]
pub struct Choices {
    /// The row they are for.
    pub row: usize,
    /// All of them, as they are shown. Untrusted texts.
    pub labels: Vec<String>,
    /// What was typed to narrow them.
    pub filter: Field,
    /// The indices of those it leaves, the best first.
    pub found: Vec<usize>,
    /// The marked one.
    pub marked: usize,
}

impl Choices {
    /// Asks for one of some values, with the chosen one marked.
    pub fn new(row: usize, labels: Vec<String>, chosen: Option<usize>) -> Self {
        Self {
            row,
            found: (0..labels.len()).collect(),
            labels,
            filter: Field::single_line(),
            marked: chosen.unwrap_or(0),
        }
    }

    /// The index of the marked value.
    pub fn value(&self) -> Option<usize> {
        self.found.get(self.marked).copied()
    }

    /// Marks another value, around the ends.
    pub fn turn(&mut self, by: isize) {
        self.marked = turned(self.marked, self.found.len(), by);
    }

    /// Takes a typed key.
    pub fn key(&mut self, key: KeyEvent) {
        self.filter.key(key);
        self.narrow();
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.filter.paste(text);
        self.narrow();
    }

    fn narrow(&mut self) {
        let labels = self.labels.iter().map(String::as_str);
        self.found = fuzzy::matches(&self.filter.text(), labels);
        self.marked = 0;
    }
}
