//! Reads one theme file: its palette, its roles, and what is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use ratatui::style::{Color, Modifier};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{hint, place};
use super::{Problem, Role};

/// One theme file, its colours looked up as far as they need no other file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThemeFile {
    /// The theme whose roles hold where this one names none.
    pub inherits: Option<ThemeWord>,
    /// Whether it is made for dark or light surroundings.
    pub appearance: Option<Appearance>,
    /// Names for colours.
    pub palette: BTreeMap<String, Color>,
    /// The roles it names.
    pub roles: Vec<(Role, Look)>,
}

/// Whether a theme is made for dark or light surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appearance {
    /// Light text on a dark background.
    Dark,
    /// Dark text on a light background.
    Light,
}

/// A word of a theme file and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeWord {
    /// The word.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Look of one role. Names of colours are kept, because a theme that inherits
/// from this one may change its palette.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Colour of the text.
    pub fg: Option<ThemeWord>,
    /// Colour behind it.
    pub bg: Option<ThemeWord>,
    /// Colour of the text where the terminal shows only 16.
    pub ansi: Option<ThemeWord>,
    /// Bold, dim and the like.
    pub modifier: Modifier,
}

type TomlEntry<'a, 'i> = (
    &'a Spanned<std::borrow::Cow<'i, str>>,
    &'a Spanned<DeValue<'i>>,
);

/// Reads a file and collects what is wrong with it.
pub(super) struct ThemeReader<'t> {
    file: &'t str,
    text: &'t str,
    pub(super) problems: Vec<Problem>,
}

impl<'t> ThemeReader<'t> {
    /// Reads `text`, which is called `file` in reports.
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
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
                "$schema" => {}
                "appearance" => file.appearance = self.appearance((key, value)),
                "inherits" => file.inherits = self.text_of((key, value)),
                "palette" => file.palette = self.palette((key, value)),
                "roles" => file.roles = self.roles((key, value)),
                other => {
                    let known = ["$schema", "appearance", "inherits", "palette", "roles"];
                    self.unknown(key.span(), "key", other, known);
                }
            }
        }
        file
    }

    fn appearance(&mut self, entry: TomlEntry<'_, '_>) -> Option<Appearance> {
        match self.text_of(entry)?.text.as_str() {
            "dark" => Some(Appearance::Dark),
            "light" => Some(Appearance::Light),
            _ => {
                self.report(entry.1.span(), "expected `dark` or `light`".to_owned());
                None
            }
        }
    }

    fn palette(&mut self, entry: TomlEntry<'_, '_>) -> BTreeMap<String, Color> {
        let mut palette = BTreeMap::new();
        for entry in self.table_of(entry) {
            let Some(name) = self.text_of(entry) else {
                continue;
            };
            if let Some(colour) = literal_colour(&name.text) {
                palette.insert(entry.0.get_ref().to_string(), colour);
            } else {
                let message = format!("`{}` is no colour", name.text);
                self.report(entry.1.span(), message);
            }
        }
        palette
    }

    fn roles(&mut self, entry: TomlEntry<'_, '_>) -> Vec<(Role, Look)> {
        let mut roles = Vec::new();
        for entry in self.table_of(entry) {
            let name = entry.0.get_ref().as_ref();
            let mut look = self.look(entry);
            if let Some(role) = Role::named(name) {
                // The background written as one colour is a background.
                if role == Role::Bg && entry.1.get_ref().is_str() {
                    look.bg = look.fg.take();
                }
                roles.push((role, look));
            } else {
                let known = Role::ALL.iter().map(|role| role.name());
                self.unknown(entry.0.span(), "role", name, known);
            }
        }
        roles
    }

    fn look(&mut self, entry: TomlEntry<'_, '_>) -> Look {
        let mut look = Look::default();
        if entry.1.get_ref().is_str() {
            look.fg = self.text_of(entry);
            return look;
        }
        if !entry.1.get_ref().is_table() {
            self.report(entry.1.span(), "expected a colour or a table".to_owned());
            return look;
        }
        for entry in self.table_of(entry) {
            match entry.0.get_ref().as_ref() {
                "fg" => look.fg = self.text_of(entry),
                "bg" => look.bg = self.text_of(entry),
                "ansi" => look.ansi = self.text_of(entry),
                "mod" => look.modifier = self.modifiers(entry.1),
                other => self.unknown(entry.0.span(), "key", other, ["fg", "bg", "ansi", "mod"]),
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
    fn table_of<'a, 'i>(&mut self, (_, value): TomlEntry<'a, 'i>) -> Vec<TomlEntry<'a, 'i>> {
        let Some(table) = value.get_ref().as_table() else {
            self.report(value.span(), "expected a table".to_owned());
            return Vec::new();
        };
        table.iter().collect()
    }

    fn text_of(&mut self, (_, value): TomlEntry<'_, '_>) -> Option<ThemeWord> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            // A colour of the 256 may be written as a number.
            DeValue::Integer(number) => number.as_str().to_owned(),
            _ => {
                self.report(value.span(), "expected a text".to_owned());
                return None;
            }
        };
        let (line, column) = place(self.text, value.span().start);
        Some(ThemeWord { text, line, column })
    }

    fn unknown(
        &mut self,
        span: Range<usize>,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'static str>,
    ) {
        let hint = hint(name, known);
        self.report(span, format!("unknown {what} `{name}`{hint}"));
    }

    fn report(&mut self, span: Range<usize>, message: String) {
        let problem = Problem::at(self.file, self.text, span.start, message);
        self.problems.push(problem);
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
