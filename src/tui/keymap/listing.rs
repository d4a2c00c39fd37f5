//! All keys as text: for the command line, the man page and the README.

use std::fmt::Write as _;

use super::{Keymap, written};
use crate::tui::action::{Context, TABLE};

/// The keys of every action by the place where they are heard, with the names
/// that key files use.
pub fn listing(keymap: &Keymap) -> String {
    let mut text = String::new();
    for context in Context::ALL {
        let actions = || {
            TABLE
                .iter()
                .filter(move |it| it.contexts.contains(&context))
        };
        if actions().next().is_none() {
            continue;
        }
        let gap = if text.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{gap}{}", context.name());
        for entry in actions() {
            let bound = keymap.bindings().iter();
            let own = bound.filter(|it| it.context == context && it.action == entry.action);
            let keys: Vec<String> = own.map(|it| written(&it.keys)).collect();
            let keys = keys.join(" ");
            let _ = writeln!(text, "  {keys:<18} {:<16} {}", entry.id, entry.help);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_listed_where_it_is_heard() {
        let text = listing(&Keymap::standard());
        for entry in TABLE {
            let lines = text.lines().filter(|line| {
                line.split_whitespace().any(|word| word == entry.id) && line.contains(entry.help)
            });
            assert_eq!(lines.count(), entry.contexts.len(), "{}", entry.id);
        }
        assert!(text.contains("  x                  call.cancel"), "{text}");
    }
}
