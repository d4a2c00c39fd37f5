//! The bindings of keys to actions by context. Keys are parsed by the `keybinds`
//! crate; sequences such as `g g` are matched here, so that time stays out.

mod file;
mod listing;

pub use file::UserKeys;
pub use listing::listing;

use keybinds::{Key, KeyInput, KeySeq, Match, Mods};

use super::action::{Action, Context, TABLE};

/// The bindings in force.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<KeyBinding>,
}

/// Some keys that mean an action in a context.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyBinding {
    /// Context in which it is valid.
    pub context: Context,
    /// The keys, one after another.
    pub keys: KeySeq,
    /// Action of the keys.
    pub action: Action,
}

/// Meaning of the keys pressed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMatch {
    /// An action.
    Action(Action),
    /// The beginning of a longer sequence.
    Prefix,
    /// Nothing.
    Nothing,
}

impl Keymap {
    /// The bindings of the action table.
    pub fn standard() -> Self {
        let mut bindings = Vec::new();
        for entry in TABLE {
            let parsed = entry.keys.iter().filter_map(|keys| keys.parse().ok());
            let parsed: Vec<KeySeq> = parsed.collect();
            for context in entry.contexts {
                bindings.extend(parsed.iter().map(|keys| KeyBinding {
                    context: *context,
                    keys: keys.clone(),
                    action: entry.action,
                }));
            }
        }
        Self { bindings }
    }

    /// All bindings.
    pub fn bindings(&self) -> &[KeyBinding] {
        &self.bindings
    }

    /// Returns the meaning of `pressed` in the contexts; an earlier context wins.
    pub fn meaning(&self, contexts: &[Context], pressed: &[KeyInput]) -> KeyMatch {
        let mut is_prefix = false;
        for context in contexts {
            for binding in self.bindings.iter().filter(|it| it.context == *context) {
                match binding.keys.match_to(pressed) {
                    Match::Matched => return KeyMatch::Action(binding.action),
                    Match::Prefix => is_prefix = true,
                    Match::Unmatch => {}
                }
            }
        }
        if is_prefix {
            KeyMatch::Prefix
        } else {
            KeyMatch::Nothing
        }
    }

    /// The bindings that go on from `pressed`.
    pub fn continuations<'a>(
        &'a self,
        contexts: &'a [Context],
        pressed: &'a [KeyInput],
    ) -> impl Iterator<Item = &'a KeyBinding> {
        self.bindings.iter().filter(move |binding| {
            contexts.contains(&binding.context) && binding.keys.match_to(pressed) == Match::Prefix
        })
    }

    /// The keys of an action as the screen writes them, the first first.
    pub fn keys(&self, action: Action) -> impl Iterator<Item = String> {
        let context = action.row().contexts.first().copied();
        let bound = self.bindings.iter();
        let own = bound.filter(move |it| it.action == action && Some(it.context) == context);
        own.map(|binding| written(&binding.keys))
    }

    /// The first key of an action as the screen writes it.
    pub fn key(&self, action: Action) -> Option<String> {
        self.keys(action).next()
    }
}

/// Keys as the screen writes them: `+`, `gg`, `Ctrl+x`.
pub fn written(keys: &KeySeq) -> String {
    pressed(keys.as_slice())
}

/// Keys that were pressed, written in the same way.
pub fn pressed(keys: &[KeyInput]) -> String {
    keys.iter().map(|input| one(*input)).collect()
}

fn one(input: KeyInput) -> String {
    let mut text = String::new();
    for (modifier, name) in [
        (Mods::CTRL, "Ctrl+"),
        (Mods::ALT, "Alt+"),
        (Mods::SHIFT, "Shift+"),
    ] {
        if input.mods().contains(modifier) {
            text.push_str(name);
        }
    }
    match input.key() {
        Key::Char(' ') => text.push_str("Space"),
        Key::Char(c) => text.push(c),
        Key::PageDown => text.push_str("PgDn"),
        Key::PageUp => text.push_str("PgUp"),
        key => text.push_str(&key.to_string()),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> KeySeq {
        text.parse().expect("parses")
    }

    #[test]
    fn every_key_of_the_table_parses() {
        let written: usize = TABLE
            .iter()
            .map(|entry| entry.keys.len() * entry.contexts.len())
            .sum();
        assert_eq!(Keymap::standard().bindings().len(), written);
    }

    #[test]
    fn no_context_binds_one_key_twice_nor_the_prefix_of_another() {
        let map = Keymap::standard();
        for (at, a) in map.bindings().iter().enumerate() {
            for b in &map.bindings()[at + 1..] {
                let meets = a.context == b.context
                    && (a.keys.match_to(b.keys.as_slice()) != Match::Unmatch
                        || b.keys.match_to(a.keys.as_slice()) != Match::Unmatch);
                assert!(
                    !meets,
                    "{:?} and {:?} share {}",
                    a.action,
                    b.action,
                    written(&a.keys)
                );
            }
        }
    }

    #[test]
    fn sequences_are_recognised() {
        let map = Keymap::standard();
        let contexts = [Context::List, Context::Global];
        let g = keys("g");
        assert_eq!(map.meaning(&contexts, g.as_slice()), KeyMatch::Prefix);
        assert_eq!(
            map.meaning(&contexts, keys("g g").as_slice()),
            KeyMatch::Action(Action::Top)
        );
        assert_eq!(map.continuations(&contexts, g.as_slice()).count(), 1);
        assert_eq!(
            map.meaning(&contexts, keys("g x").as_slice()),
            KeyMatch::Nothing
        );
    }

    #[test]
    fn keys_are_written_short() {
        assert_eq!(written(&keys("Plus")), "+");
        assert_eq!(written(&keys("g g")), "gg");
        assert_eq!(written(&keys("Ctrl+x")), "Ctrl+x");
        assert_eq!(written(&keys("Shift+Tab")), "Shift+Tab");
    }
}
