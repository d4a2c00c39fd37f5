//! One row of a form.

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::Value;

use crate::output::Safe;
use crate::tui::text::field::TextField;

/// One row of a form.
#[derive(Debug)]
pub struct FormField {
    /// Its place in the arguments, from the outermost key on.
    pub path: Vec<String>,
    /// Kind of value.
    pub kind: FieldKind,
    /// Its type in words.
    pub hint: String,
    /// Description. Untrusted text.
    pub description: String,
    /// Names of its choices for people; empty where a choice has none. Untrusted
    /// text.
    pub titles: Vec<String>,
    /// Whether it must be given.
    pub is_required: bool,
    /// Whether it may be `null`.
    pub is_nullable: bool,
    /// Whether it belongs to the call, not to the tool's arguments.
    pub is_option: bool,
    /// Text or choice of the user.
    pub input: FieldInput,
    /// The default, shown while nothing is typed.
    pub default: Option<Value>,
    /// Problem with its value.
    pub problem: Option<Safe>,
}

/// Kind of value that a row takes.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// One line of text.
    Text,
    /// Several lines of text.
    LongText,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// One of these.
    Choice(Vec<Value>),
    /// One item a line, each of the kind given.
    List(Box<FieldKind>),
    /// Anything, as JSON.
    Json,
    /// The heading of an object whose arguments follow.
    Group,
}

/// Text or choice of the user.
#[derive(Debug)]
pub enum FieldInput {
    /// Typed.
    Text(Box<TextField>),
    /// Switched; `None` leaves it out.
    Toggle(Option<bool>),
    /// Chosen by index; `None` leaves it out.
    Choice(Option<usize>),
    /// Nothing can be typed.
    Nothing,
}

impl FieldKind {
    /// An empty input for the kind.
    pub fn input(&self) -> FieldInput {
        match self {
            Self::Text => FieldInput::Text(Box::new(TextField::joined(""))),
            Self::Integer | Self::Number => FieldInput::Text(Box::new(TextField::single_line())),
            Self::LongText | Self::List(_) | Self::Json => {
                FieldInput::Text(Box::new(TextField::with_text("")))
            }
            Self::Boolean => FieldInput::Toggle(None),
            Self::Choice(_) => FieldInput::Choice(None),
            Self::Group => FieldInput::Nothing,
        }
    }

    /// Lines its input takes on the screen.
    pub fn lines(&self) -> u16 {
        match self {
            Self::LongText | Self::List(_) | Self::Json => 3,
            _ => 1,
        }
    }
}

impl FormField {
    /// Its name, the innermost key.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// How deep it is nested.
    pub fn depth(&self) -> usize {
        self.path.len().saturating_sub(1)
    }

    /// Whether nothing is typed, switched or chosen.
    pub fn is_blank(&self) -> bool {
        match &self.input {
            FieldInput::Text(field) => field.text().is_empty(),
            FieldInput::Toggle(value) => value.is_none(),
            FieldInput::Choice(chosen) => chosen.is_none(),
            FieldInput::Nothing => true,
        }
    }

    /// Returns the typed text; empty for a choice.
    pub fn text(&self) -> String {
        match &self.input {
            FieldInput::Text(field) => field.text(),
            _ => String::new(),
        }
    }

    /// Takes a key; false if it is of no use here.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        self.problem = None;
        let choices = match &self.kind {
            FieldKind::Choice(values) => values.len(),
            _ => 0,
        };
        match &mut self.input {
            FieldInput::Text(field) => field.key(key),
            FieldInput::Toggle(value) => match key.code {
                KeyCode::Char(' ') | KeyCode::Right | KeyCode::Left | KeyCode::Enter => {
                    *value = match value {
                        None => Some(true),
                        Some(true) => Some(false),
                        Some(false) => None,
                    };
                }
                KeyCode::Char('y' | 't') => *value = Some(true),
                KeyCode::Char('n' | 'f') => *value = Some(false),
                KeyCode::Backspace | KeyCode::Delete => *value = None,
                _ => return false,
            },
            FieldInput::Choice(value) => match key.code {
                KeyCode::Char(' ') | KeyCode::Right | KeyCode::Enter => {
                    let next = value.map_or(0, |index| index + 1);
                    *value = (next < choices).then_some(next);
                }
                KeyCode::Left => {
                    *value = value.map_or(choices.checked_sub(1), |index| index.checked_sub(1));
                }
                KeyCode::Backspace | KeyCode::Delete => *value = None,
                _ => return false,
            },
            FieldInput::Nothing => return false,
        }
        true
    }
}

impl FormField {
    /// The values it is chosen from, as they are shown, if it is, and the
    /// index of the chosen one.
    pub fn choices(&self) -> Option<(Vec<String>, Option<usize>)> {
        let (FieldKind::Choice(values), FieldInput::Choice(chosen)) = (&self.kind, &self.input)
        else {
            return None;
        };
        let shown = |(at, value): (usize, &Value)| match (self.titles.get(at), value) {
            (Some(title), _) if !title.is_empty() => title.clone(),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        Some((values.iter().enumerate().map(shown).collect(), *chosen))
    }
}
