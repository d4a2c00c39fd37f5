//! The values that a row of a form takes, to be found by typing.

use crossterm::event::KeyEvent;

use super::Shortlist;
use crate::tui::text::fuzzy;

/// The values to choose from.
#[derive(Debug)]
pub struct Choices {
    /// The row they are for.
    pub row: usize,
    /// All of them, as they are shown. Untrusted texts.
    pub labels: Vec<String>,
    /// The indices of those that the typed letters leave.
    pub list: Shortlist<usize>,
}

impl Choices {
    /// Asks for one of some values, with the chosen one marked.
    pub fn new(row: usize, labels: Vec<String>, chosen: Option<usize>) -> Self {
        Self {
            row,
            list: Shortlist::new((0..labels.len()).collect(), chosen.unwrap_or(0)),
            labels,
        }
    }

    /// Takes a typed key.
    pub fn key(&mut self, key: KeyEvent) {
        self.list.key(key, |typed| matching(&self.labels, typed));
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.list.paste(text, |typed| matching(&self.labels, typed));
    }
}

fn matching(labels: &[String], typed: &str) -> Vec<usize> {
    fuzzy::matches(typed, labels.iter().map(String::as_str))
}
