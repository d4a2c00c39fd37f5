//! What of the selected call is to be copied, and in which form.

use crossterm::event::KeyEvent;

use super::{Field, turned};
use crate::tui::fuzzy;

/// What is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyWay {
    /// What the output pane shows, as text.
    Text,
    /// The JSON document that the call printed, laid out.
    Document,
    /// The call's arguments as JSON.
    Arguments,
    /// A command line that makes the same call.
    Command,
}

impl CopyWay {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Text, Self::Document, Self::Arguments, Self::Command];

    /// Those of a call that was not made yet.
    pub const ARGUMENTS: [Self; 2] = [Self::Arguments, Self::Command];

    /// What it is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::Text => "output as text",
            Self::Document => "output as JSON",
            Self::Arguments => "arguments as JSON",
            Self::Command => "fanout call …, a line for a shell",
        }
    }
}

/// The ways to choose from.
#[derive(Debug)]
pub struct CopyAs {
    /// All that there are here.
    pub all: &'static [CopyWay],
    /// What was typed to narrow them.
    pub filter: Field,
    /// Those it leaves, the best first.
    pub found: Vec<CopyWay>,
    /// The marked one.
    pub marked: usize,
}

impl CopyAs {
    /// Asks for one of these.
    pub fn new(all: &'static [CopyWay]) -> Self {
        Self {
            all,
            filter: Field::single_line(),
            found: all.to_vec(),
            marked: 0,
        }
    }

    /// Marks another way, around the ends.
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
        let labels = self.all.iter().map(|way| way.label());
        let found = fuzzy::matches(&self.filter.text(), labels);
        self.found = found.into_iter().map(|at| self.all[at]).collect();
        self.marked = 0;
    }
}
