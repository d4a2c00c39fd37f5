//! Reads the user's keys: what is good is used, the rest is reported.

use std::ops::Range;

use keybinds::{Key, KeyInput, KeySeq, Match, Mods};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{KeyBinding, Keymap, written};
use crate::theme::{Problem, hint};
use crate::tui::action::{ActionRow, Context, TABLE};

/// The user's keys, laid over those of the action table.
#[derive(Debug, Clone)]
pub struct UserKeys {
    /// The bindings in force.
    pub keymap: Keymap,
    /// Problems in the file.
    pub problems: Vec<Problem>,
    /// Which keys of the action table gave way, one sentence each.
    pub displaced: Vec<String>,
}

impl UserKeys {
    /// Reads the text of a key file, which is called `file` in reports.
    ///
    /// ```toml
    /// [keys.global]
    /// "app.theme" = ["T", "F3"]   # in place of its keys
    /// "app.suspend" = []          # no key
    /// ```
    pub fn read(file: &str, text: &str) -> Self {
        let mut reader = KeyFileReader {
            file,
            text,
            problems: Vec::new(),
            asked: Vec::new(),
        };
        reader.read();
        let mut keys = Self {
            keymap: Keymap::standard(),
            problems: Vec::new(),
            displaced: Vec::new(),
        };
        let asked = std::mem::take(&mut reader.asked);
        for (context, entry, _) in &asked {
            let is_replaced = |it: &KeyBinding| it.context == *context && it.action == entry.action;
            keys.keymap.bindings.retain(|it| !is_replaced(it));
        }
        let first = keys.keymap.bindings.len();
        let mut own: Vec<KeyBinding> = Vec::new();
        for (context, entry, wanted) in asked {
            for (seq, span) in wanted {
                let binding = KeyBinding {
                    context,
                    keys: seq,
                    action: entry.action,
                };
                if let Some(other) = own.iter().find(|it| meet(it, &binding)) {
                    let other = id(other);
                    let message = format!("this key is already given to `{other}`");
                    reader.report(&span, message);
                } else {
                    keys.displace(&binding, entry);
                    own.push(binding);
                }
            }
        }
        debug_assert!(
            keys.keymap.bindings.len() <= first,
            "only own keys are added"
        );
        keys.keymap.bindings.extend(own);
        keys.problems = reader.problems;
        keys
    }

    /// Takes the keys of a user's binding away from the action table.
    fn displace(&mut self, binding: &KeyBinding, entry: &ActionRow) {
        let displaced = &mut self.displaced;
        self.keymap.bindings.retain(|it| {
            let meets = meet(it, binding);
            if meets {
                let (keys, context) = (written(&it.keys), it.context.name());
                let loser = id(it);
                displaced.push(format!(
                    "{keys} in {context}: {} takes it from {loser}",
                    entry.id
                ));
            }
            !meets
        });
    }
}

/// Whether two bindings cannot both be heard: one is the other, or begins it.
fn meet(a: &KeyBinding, b: &KeyBinding) -> bool {
    let matches = |a: &KeySeq, b: &KeySeq| a.match_to(b.as_slice()) != Match::Unmatch;
    a.context == b.context && (matches(&a.keys, &b.keys) || matches(&b.keys, &a.keys))
}

fn id(binding: &KeyBinding) -> &'static str {
    binding.action.row().id
}

type RequestedKeys = (Context, &'static ActionRow, Vec<(KeySeq, Range<usize>)>);

struct KeyFileReader<'t> {
    file: &'t str,
    text: &'t str,
    problems: Vec<Problem>,
    asked: Vec<RequestedKeys>,
}

impl KeyFileReader<'_> {
    fn read(&mut self) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.report(&error.span().unwrap_or(0..0), error.message().to_owned());
        }
        for (key, value) in table.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref().as_table()) {
                ("$schema", _) => {}
                ("keys", Some(contexts)) => self.contexts(contexts),
                ("keys", None) => self.report(&value.span(), "expected a table".to_owned()),
                (other, _) => {
                    let hint = hint(other, ["keys", "$schema"]);
                    self.report(&key.span(), format!("unknown key `{other}`{hint}"));
                }
            }
        }
    }

    fn contexts(&mut self, contexts: &DeTable<'_>) {
        for (key, value) in contexts {
            let name = key.get_ref().as_ref();
            let Some(context) = Context::ALL.into_iter().find(|it| it.name() == name) else {
                let hint = hint(name, Context::ALL.iter().map(|it| it.name()));
                self.report(&key.span(), format!("unknown context `{name}`{hint}"));
                continue;
            };
            let Some(actions) = value.get_ref().as_table() else {
                self.report(&value.span(), "expected a table".to_owned());
                continue;
            };
            for (key, value) in actions {
                self.action(context, key, value);
            }
        }
    }

    fn action(
        &mut self,
        context: Context,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = key.get_ref().as_ref();
        let Some(entry) = TABLE.iter().find(|it| it.id == name) else {
            let here = TABLE.iter().filter(|it| it.contexts.contains(&context));
            let hint = hint(name, here.map(|it| it.id));
            return self.report(&key.span(), format!("unknown action `{name}`{hint}"));
        };
        if !entry.contexts.contains(&context) {
            let names: Vec<&str> = entry.contexts.iter().map(|it| it.name()).collect();
            let message = format!("`{name}` is heard in {} only", names.join(" and "));
            return self.report(&key.span(), message);
        }
        let one = std::slice::from_ref(value);
        let list: &[Spanned<DeValue<'_>>] = match value.get_ref().as_array() {
            Some(list) => list,
            None => one,
        };
        let keys: Vec<_> = list
            .iter()
            .filter_map(|it| self.keys(context, it))
            .collect();
        // Where no key is good, the action keeps those it had.
        if !keys.is_empty() || list.is_empty() {
            self.asked.push((context, entry, keys));
        }
    }

    fn keys(
        &mut self,
        context: Context,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<(KeySeq, Range<usize>)> {
        let span = value.span();
        let Some(text) = value.get_ref().as_str() else {
            self.report(
                &span,
                "expected a list of keys, such as [\"x\", \"Ctrl+x\"]".to_owned(),
            );
            return None;
        };
        let seq: KeySeq = match text.parse() {
            Ok(seq) => seq,
            Err(error) => {
                let error = error.to_string();
                self.report(&span, format!("`{text}` is no key: {error}"));
                return None;
            }
        };
        let refused = match seq.as_slice() {
            [first, ..] if *first == KeyInput::new(Key::Char('c'), Mods::CTRL) => {
                Some("Ctrl+c is fixed: it always leaves")
            }
            [first, ..] if is_text_place(context) && is_typed(*first) => {
                Some("a text field needs this key for its text")
            }
            _ => None,
        };
        match refused {
            Some(reason) => {
                self.report(&span, reason.to_owned());
                None
            }
            None => Some((seq, span)),
        }
    }

    fn report(&mut self, span: &Range<usize>, message: String) {
        let problem = Problem::at(self.file, self.text, span.start, message);
        self.problems.push(problem);
    }
}

fn is_text_place(context: Context) -> bool {
    matches!(
        context,
        Context::Line | Context::Picker | Context::Text | Context::Form
    )
}

/// Whether a key puts a character into a text field.
fn is_typed(key: KeyInput) -> bool {
    matches!(key.key(), Key::Char(_)) && !key.mods().intersects(Mods::CTRL | Mods::ALT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::action::Action;
    use crate::tui::keymap::KeyMatch;

    fn read(text: &str) -> UserKeys {
        UserKeys::read("keys.toml", text)
    }

    fn meaning(keys: &UserKeys, contexts: &[Context], pressed: &str) -> KeyMatch {
        let pressed: KeySeq = pressed.parse().expect("a key");
        keys.keymap.meaning(contexts, pressed.as_slice())
    }

    #[test]
    fn good_bindings_stay_and_bad_ones_are_placed() {
        let keys = read(
            "[keys.global]\n\"app.theme\" = [\"F3\", \"Fooo\"]\n\"app.hepl\" = [\"h\"]\n\
             \"out.wrap\" = [\"W\"]\n\"app.redraw\" = 5\n\"app.help\" = [\"Ctrl+c\"]\n\
             [keys.globl]\n[keys.line]\n\"field.take\" = [\"t\"]\n[keyss]\n",
        );
        let said: Vec<String> = keys.problems.iter().map(ToString::to_string).collect();
        for (index, wanted) in [
            "keys.toml:2:22: `Fooo` is no key",
            "keys.toml:3:1: unknown action `app.hepl`; did you mean `app.help`?",
            "keys.toml:4:1: `out.wrap` is heard in output only",
            "keys.toml:5:16: expected a list of keys",
            "keys.toml:6:15: Ctrl+c is fixed",
            "keys.toml:7:7: unknown context `globl`; did you mean `global`?",
            "keys.toml:9:17: a text field needs this key",
            "keys.toml:10:2: unknown key `keyss`; did you mean `keys`?",
        ]
        .into_iter()
        .enumerate()
        {
            assert!(said[index].starts_with(wanted), "{said:#?}");
        }
        let global = [Context::Global];
        assert_eq!(
            meaning(&keys, &global, "F3"),
            KeyMatch::Action(Action::Theme)
        );
        assert_eq!(meaning(&keys, &global, "T"), KeyMatch::Nothing);
        assert_eq!(meaning(&keys, &global, "?"), KeyMatch::Action(Action::Help));
    }

    #[test]
    fn the_users_binding_wins_and_the_loser_is_named() {
        let keys = read("[keys.list]\n\"list.up\" = \"g\"\n\"list.down\" = [\"g\", \"x\"]\n");
        let list = [Context::List];
        assert_eq!(meaning(&keys, &list, "g"), KeyMatch::Action(Action::Up));
        assert_eq!(meaning(&keys, &list, "x"), KeyMatch::Action(Action::Down));
        assert_eq!(meaning(&keys, &list, "j"), KeyMatch::Nothing);
        assert_eq!(
            keys.displaced,
            ["gg in list: list.up takes it from list.top"]
        );
        assert_eq!(
            keys.problems[0].to_string(),
            "keys.toml:3:16: this key is already given to `list.up`"
        );
    }

    #[test]
    fn an_empty_list_unbinds() {
        let keys = read("[keys.global]\n\"app.suspend\" = []\n");
        assert_eq!(keys.problems, []);
        assert_eq!(keys.keymap.key(Action::Suspend), None);
    }

    #[test]
    fn a_broken_file_leaves_the_table() {
        let keys = read("[keys.global\n");
        assert!(!keys.problems.is_empty());
        let standard = Keymap::standard();
        assert_eq!(keys.keymap.bindings(), standard.bindings());
    }
}
