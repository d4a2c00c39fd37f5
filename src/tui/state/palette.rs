//! Everything that can be done, narrowed by a few typed letters.

use crossterm::event::KeyEvent;

use super::{Field, turned};
use crate::tui::action::{Action, Entry, TABLE};
use crate::tui::fuzzy;

/// The command palette.
#[derive(Debug)]
pub struct Palette {
    /// What was typed.
    pub filter: Field,
    /// The actions it leaves, the best first.
    pub found: Vec<Action>,
    /// The marked one.
    pub marked: usize,
}

impl Default for Palette {
    fn default() -> Self {
        let mut palette = Self {
            filter: Field::single_line(),
            found: Vec::new(),
            marked: 0,
        };
        palette.narrow();
        palette
    }
}

impl Palette {
    /// Marks another action, around the ends.
    pub fn turn(&mut self, by: isize) {
        self.marked = turned(self.marked, self.found.len(), by);
    }

    /// The marked action.
    pub fn action(&self) -> Option<Action> {
        self.found.get(self.marked).copied()
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

    /// Actions with the letters in their label or name come before those that
    /// only speak of them.
    fn narrow(&mut self) {
        let all: Vec<&Entry> = TABLE.iter().filter(|entry| entry.is_offered()).collect();
        let names: Vec<String> = all
            .iter()
            .map(|entry| format!("{} {}", entry.label, entry.id))
            .collect();
        let typed = self.filter.text();
        let by_name = fuzzy::matches(&typed, names.iter().map(String::as_str));
        let by_help = fuzzy::containing(&typed, all.iter().map(|entry| entry.help));
        let rest = by_help.into_iter().filter(|at| !by_name.contains(at));
        let found = by_name.iter().copied().chain(rest);
        self.found = found
            .filter_map(|at| all.get(at))
            .map(|entry| entry.action)
            .collect();
        self.marked = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_keys_do_outside_of_text_fields_is_offered() {
        let palette = Palette::default();
        let offered = TABLE.iter().filter(|entry| entry.is_offered());
        assert_eq!(palette.found.len(), offered.count());
        for entry in TABLE {
            let is_typing_only = entry.contexts.iter().all(|it| it.is_typing());
            assert_eq!(
                palette.found.contains(&entry.action),
                !is_typing_only,
                "{}",
                entry.id
            );
        }
    }

    #[test]
    fn the_label_weighs_more_than_the_help() {
        let mut palette = Palette::default();
        palette.paste("kill");
        assert_eq!(palette.action(), Some(Action::Kill));
        palette.turn(-1);
        assert_eq!(palette.marked, palette.found.len() - 1);
    }
}
