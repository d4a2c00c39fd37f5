//! Everything that can be done, narrowed by a few typed letters.

use crossterm::event::KeyEvent;

use super::Shortlist;
use crate::tui::action::{Action, Entry, TABLE};
use crate::tui::text::fuzzy;

/// The command palette.
#[derive(Debug)]
pub struct Palette {
    /// The actions that the typed letters leave.
    pub list: Shortlist<Action>,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            list: Shortlist::new(matching(""), 0),
        }
    }
}

impl Palette {
    /// Takes a typed key.
    pub fn key(&mut self, key: KeyEvent) {
        self.list.key(key, matching);
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.list.paste(text, matching);
    }
}

/// Actions with the letters in their label or name come before those that only
/// speak of them.
fn matching(typed: &str) -> Vec<Action> {
    let all: Vec<&Entry> = TABLE.iter().filter(|entry| entry.is_offered()).collect();
    let names: Vec<String> = all
        .iter()
        .map(|entry| format!("{} {}", entry.label, entry.id))
        .collect();
    let by_name = fuzzy::matches(typed, names.iter().map(String::as_str));
    let by_help = fuzzy::containing(typed, all.iter().map(|entry| entry.help));
    let rest = by_help.into_iter().filter(|at| !by_name.contains(at));
    let found = by_name.iter().copied().chain(rest);
    found
        .filter_map(|at| all.get(at))
        .map(|entry| entry.action)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_keys_do_outside_of_text_fields_is_offered() {
        let palette = Palette::default().list;
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
        let mut list = palette.list;
        assert_eq!(list.chosen(), Some(&Action::Kill));
        list.turn(-1);
        assert_eq!(list.marked, list.found.len() - 1);
    }
}
