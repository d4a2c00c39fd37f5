//! Choice of the part of the selected call to copy, and its form.

use crossterm::event::KeyEvent;

use super::Shortlist;
use crate::tui::text::fuzzy;

/// Part and form to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyWay {
    /// The output pane, as text.
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

    /// Returns its label.
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
    /// Those that the typed letters leave.
    pub list: Shortlist<CopyWay>,
}

impl CopyAs {
    /// Asks for one of these.
    pub fn new(all: &'static [CopyWay]) -> Self {
        Self {
            all,
            list: Shortlist::new(all.to_vec(), 0),
        }
    }

    /// Takes a typed key.
    pub fn key(&mut self, key: KeyEvent) {
        self.list.key(key, |typed| matching(self.all, typed));
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.list.paste(text, |typed| matching(self.all, typed));
    }
}

fn matching(all: &[CopyWay], typed: &str) -> Vec<CopyWay> {
    let found = fuzzy::matches(typed, all.iter().map(|way| way.label()));
    found.into_iter().map(|at| all[at]).collect()
}
