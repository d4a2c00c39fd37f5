//! Reads one theme file: its palette, its roles, and what is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use ratatui::style::{Color, Modifier};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Role;

/// One theme file, its colours looked up as far as they need no other file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThemeFile {
    /// The theme whose roles hold where this one names none.
    pub inherits: Option<String>,
    /// Names for colours.
    pub palette: BTreeMap<String, Color>,
    /// The roles it names.
    pub roles: Vec<(Role, Look)>,
}

/// What one role looks like. Names of colours are kept, because a theme that
/// inherits from this one may change its palette.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Colour of the text.
    pub fg: Option<String>,
    /// Colour behind it.
    pub bg: Option<String>,
    /// Colour of the text where the terminal shows only 16.
    pub ansi: Option<String>,
    /// Bold, dim and the like.
    pub modifier: Modifier,
}

/// Something wrong in a theme file. The rest of the file is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

type Entry<'a, 'i> = (
    &'a Spanned<std::borrow::Cow<'i, str>>,
    &'a Spanned<DeValue<'i>>,
);

/// Reads a file and collects what is wrong with it.
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            problems: Vec::new(),
        }
    }

    pub(super) fn read(&mut self) -> ThemeFile {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.report(error.span().unwrap_or(0..0), error.message().to_owned());
        }
        let mut file = ThemeFile::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "$schema" | "appearance" => {}
                "inherits" => file.inherits = self.text_of((key, value)),
                "palette" => file.palette = self.palette((key, value)),
                "roles" => file.roles = self.roles((key, value)),
                other => self.report(key.span(), format!("unknown key `{other}`")),
            }
        }
        file
    }

    fn palette(&mut self, entry: Entry<'_, '_>) -> BTreeMap<String, Color> {
        let mut palette = BTreeMap::new();
        for entry in self.table_of(entry) {
            let Some(name) = self.text_of(entry) else {
                continue;
            };
            match literal_colour(&name) {
                Some(colour) => {
                    palette.insert(entry.0.get_ref().to_string(), colour);
                }
                None => self.report(entry.1.span(), format!("`{name}` is no colour")),
            }
        }
        palette
    }

    fn roles(&mut self, entry: Entry<'_, '_>) -> Vec<(Role, Look)> {
        let mut roles = Vec::new();
        for entry in self.table_of(entry) {
            let name = entry.0.get_ref().as_ref();
            let look = self.look(entry);
            if let Some(role) = Role::named(name) {
                roles.push((role, look));
            } else {
                let message = format!("unknown role `{name}`; did you mean `{}`?", nearest(name));
                self.report(entry.0.span(), message);
            }
        }
        roles
    }

    fn look(&mut self, entry: Entry<'_, '_>) -> Look {
        let mut look = Look::default();
        if entry.1.get_ref().is_str() {
            look.fg = self.text_of(entry);
            return look;
        }
        for entry in self.table_of(entry) {
            match entry.0.get_ref().as_ref() {
                "fg" => look.fg = self.text_of(entry),
                "bg" => look.bg = self.text_of(entry),
                "ansi" => look.ansi = self.text_of(entry),
                "mod" => look.modifier = self.modifiers(entry.1),
                other => self.report(entry.0.span(), format!("unknown key `{other}`")),
            }
        }
        look
    }

    fn modifiers(&mut self, value: &Spanned<DeValue<'_>>) -> Modifier {
        let mut all = Modifier::empty();
        let Some(names) = value.get_ref().as_array() else {
            self.report(value.span(), "expected a list of modifiers".to_owned());
            return all;
        };
        for name in names {
            match name.get_ref().as_str().and_then(modifier) {
                Some(modifier) => all |= modifier,
                None => self.report(
                    name.span(),
                    "expected one of bold, dim, italic, underlined, reversed".to_owned(),
                ),
            }
        }
        all
    }

    /// The entries of a table; anything else is reported and empty.
    fn table_of<'a, 'i>(&mut self, (_, value): Entry<'a, 'i>) -> Vec<Entry<'a, 'i>> {
        let Some(table) = value.get_ref().as_table() else {
            self.report(value.span(), "expected a table".to_owned());
            return Vec::new();
        };
        table.iter().collect()
    }

    fn text_of(&mut self, (_, value): Entry<'_, '_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            // A colour of the 256 may be written as a number.
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            _ => {
                self.report(value.span(), "expected a text".to_owned());
                None
            }
        }
    }

    pub(super) fn report(&mut self, span: Range<usize>, message: String) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        self.problems.push(Problem {
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or("").chars().count() + 1,
            message,
        });
    }
}

/// A colour that needs no palette: hex, an ANSI name, 0 to 255 or `default`.
pub(super) fn literal_colour(name: &str) -> Option<Color> {
    if name == "default" {
        return Some(Color::Reset);
    }
    name.parse().ok()
}

fn modifier(name: &str) -> Option<Modifier> {
    Some(match name {
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underlined" => Modifier::UNDERLINED,
        "reversed" => Modifier::REVERSED,
        _ => return None,
    })
}

fn nearest(name: &str) -> &'static str {
    let by_likeness = |role: &&Role| (strsim::jaro_winkler(role.name(), name) * 1000.0) as u32;
    Role::ALL
        .iter()
        .max_by_key(by_likeness)
        .map_or("fg", |role| role.name())
}
