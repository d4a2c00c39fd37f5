//! A form made from a tool's JSON Schema: one row per argument, and the same
//! arguments as JSON one key away.
//!
//! It owns what is typed. It must not know where the call goes.

mod answer;
mod build;
mod draft;
mod field;
mod fill;
mod memory;
mod options;
mod overrides;
mod read;

use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::{Map, Value};

use crate::catalogue::Catalogue;
use crate::model::{self, CallId, Tool, ToolName};
use crate::output::Safe;

use crate::tui::state::turned;
use crate::tui::text::field::TextField;

pub use answer::{AnswerForm, tool_of_answer, tool_of_arguments};
pub use field::{FieldInput, FieldKind, FormField};
pub use memory::memorable;

/// How the arguments are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormMode {
    /// One row per argument.
    Rows,
    /// As one JSON text.
    Raw,
}

/// Where the arguments that a form began with come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialArguments {
    /// The tool's schema.
    Schema,
    /// A call of the run.
    Call(CallId),
}

/// A form for one call of a tool.
#[derive(Debug)]
pub struct Form {
    /// The tool.
    pub tool: ToolName,
    /// Where its first arguments come from.
    pub origin: InitialArguments,
    /// The rows: the tool's arguments, then what else a call can have.
    pub fields: Vec<FormField>,
    /// The row that takes the keys.
    pub focus: usize,
    /// How the arguments are typed.
    pub mode: FormMode,
    /// The arguments as JSON, while they are typed so.
    pub raw: TextField,
    /// Problems that belong to no row.
    pub problems: Vec<Safe>,
    /// Heading of the rows behind the tool's own.
    pub rest: &'static str,
    /// The arguments that the tool was given last, to be recalled row by row.
    last: Option<Value>,
    /// The rows with a recalled value, which the next key replaces.
    recalled: BTreeSet<usize>,
    /// The rows whose empty text is a value.
    meant_empty: BTreeSet<usize>,
    /// Arguments that the schema does not name.
    extra: Map<String, Value>,
    /// Initial arguments and overrides of the form.
    initial: (Option<Value>, Vec<String>),
}

impl Form {
    /// A form for a tool, with arguments to begin with.
    pub fn new(tool: &Tool, args: Option<&Value>) -> Self {
        Self::with_rows(tool, args, options::fields())
    }

    /// The same with other rows behind those of the tool's arguments.
    pub fn with_rows(
        tool: &Tool,
        args: Option<&Value>,
        rest: impl IntoIterator<Item = FormField>,
    ) -> Self {
        let mut fields = build::arguments(tool);
        fields.extend(rest);
        let mut form = Self {
            tool: tool.name.clone(),
            origin: InitialArguments::Schema,
            focus: 0,
            mode: FormMode::Rows,
            raw: TextField::with_text(""),
            problems: Vec::new(),
            rest: "the call",
            last: None,
            recalled: BTreeSet::new(),
            meant_empty: BTreeSet::new(),
            extra: Map::new(),
            initial: Default::default(),
            fields,
        };
        if let Some(args) = args {
            form.fill(args);
        }
        form.focus = form.stops().first().copied().unwrap_or(0);
        // A tool without a schema takes any object: only JSON says that.
        if tool.input_schema.is_none() {
            form.toggle();
        }
        form.begin();
        form
    }

    /// An empty form that can recall what the tool was called with last.
    pub fn remembering(tool: &Tool, last: Option<&Value>) -> Self {
        Self {
            last: last.cloned(),
            ..Self::new(tool, None)
        }
    }

    /// Takes all arguments away.
    pub fn clear(&mut self) {
        let none = Value::Object(Map::new());
        self.problems.clear();
        match self.mode {
            FormMode::Rows => self.fill(&none),
            FormMode::Raw => self.show_raw(&none),
        }
        self.origin = InitialArguments::Schema;
    }

    /// Puts what the focused row was given last into it, if it is empty and
    /// that is known. The next key that types replaces it.
    pub fn recall(&mut self) -> bool {
        if self.is_raw_focused() {
            let is_empty = matches!(self.raw.text().trim(), "" | "{}");
            let Some(last) = self.last.clone().filter(|_| is_empty) else {
                return false;
            };
            self.show_raw(&last);
            self.recalled.insert(self.focus);
            return true;
        }
        let Some(value) = self.remembered(self.focus).cloned() else {
            return false;
        };
        if let Some(field) = self.fields.get_mut(self.focus) {
            field.set(Some(&value));
            self.recalled.insert(self.focus);
        }
        true
    }

    /// Puts everything in that the tool was given last; false if that is not
    /// known.
    pub fn recall_all(&mut self) -> bool {
        let Some(last) = self.last.clone() else {
            return false;
        };
        match self.mode {
            FormMode::Rows => {
                self.fill(&last);
                let fields = self.fields.iter().enumerate();
                let filled = fields.filter(|(_, it)| !it.is_option && !it.is_blank());
                self.recalled = filled.map(|(index, _)| index).collect();
            }
            FormMode::Raw => {
                self.show_raw(&last);
                self.recalled.insert(self.focus);
            }
        }
        true
    }

    /// The value that an empty row was given last.
    pub fn remembered(&self, index: usize) -> Option<&Value> {
        let field = self.fields.get(index)?;
        let is_free = !field.is_option && field.is_blank();
        let last = self.last.as_ref().filter(|_| is_free)?;
        field.path.iter().try_fold(last, |at, key| at.get(key))
    }

    /// Whether the value of a row was recalled, and not typed.
    pub fn is_recalled(&self, index: usize) -> bool {
        self.recalled.contains(&index)
    }

    /// Returns the author of the arguments of a call made from it.
    pub fn author(&self) -> model::CallOrigin {
        match self.origin {
            InitialArguments::Call(call) => model::CallOrigin::Changed(call),
            InitialArguments::Schema => model::CallOrigin::User,
        }
    }

    /// Whether anything was typed.
    pub fn is_dirty(&self) -> bool {
        self.stand() != self.initial
    }

    /// Makes the present content the one that the form began with.
    fn begin(&mut self) {
        self.initial = self.stand();
    }

    /// Arguments and overrides that were typed; what was recalled was not.
    fn stand(&self) -> (Option<Value>, Vec<String>) {
        let options = self.fields.iter().filter(|field| field.is_option);
        let is_recalled = self.is_recalled(self.fields.len());
        let typed = if self.mode == FormMode::Raw && is_recalled {
            self.initial.0.clone()
        } else {
            self.typed_without(&self.recalled).ok()
        };
        (typed, options.map(FormField::text).collect())
    }

    /// The rows that can take the keys, in their order; the JSON text is the
    /// one behind the last.
    fn stops(&self) -> Vec<usize> {
        let raw = (self.mode == FormMode::Raw).then_some(self.fields.len());
        let rows = self
            .shown()
            .filter(|(_, field)| field.kind != FieldKind::Group);
        raw.into_iter()
            .chain(rows.map(|(index, _)| index))
            .collect()
    }

    /// Gives the keys to another row, around the ends, and checks the one that
    /// is left.
    pub fn turn(&mut self, by: isize, catalogue: &Catalogue) {
        let stops = self.stops();
        let left = self.focus;
        let at = stops.iter().position(|stop| *stop == left).unwrap_or(0);
        let next = turned(at, stops.len(), by);
        self.focus = stops.get(next).copied().unwrap_or(0);
        self.check(catalogue, Some(left));
    }

    /// Gives the keys to a row, if it can take them, and checks the one that is
    /// left.
    pub fn go_to(&mut self, index: usize, catalogue: &Catalogue) {
        if index != self.focus && self.stops().contains(&index) {
            let left = std::mem::replace(&mut self.focus, index);
            self.check(catalogue, Some(left));
        }
    }

    /// Whether the JSON text takes the keys.
    pub fn is_raw_focused(&self) -> bool {
        self.focus == self.fields.len()
    }

    /// Returns true if the focused input has several lines.
    pub fn is_in_text(&self) -> bool {
        self.is_raw_focused()
            || self
                .fields
                .get(self.focus)
                .is_some_and(|it| it.kind.lines() > 1)
    }

    /// Takes a typed key; false if it is of no use there.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        if key.code == KeyCode::Up && self.recall() {
            return true;
        }
        let is_typed = matches!(
            key.code,
            KeyCode::Char(_) | KeyCode::Backspace | KeyCode::Delete
        );
        let is_replaced = self.replace(is_typed);
        if is_replaced && !matches!(key.code, KeyCode::Char(_)) {
            return true;
        }
        if self.is_raw_focused() {
            self.raw.key(key);
            return true;
        }
        self.fields
            .get_mut(self.focus)
            .is_some_and(|field| field.key(key))
    }

    /// Ends the recalling of the focused row: what was recalled there is the
    /// user's from now on, or gives way to what `is_typed`. Says if it gave way.
    fn replace(&mut self, is_typed: bool) -> bool {
        self.meant_empty.remove(&self.focus);
        if !self.recalled.remove(&self.focus) || !is_typed {
            return false;
        }
        if self.is_raw_focused() {
            self.raw = TextField::with_text("");
            return true;
        }
        let field = self.fields.get_mut(self.focus);
        let Some(field) = field.filter(|it| matches!(it.input, FieldInput::Text(_))) else {
            return false;
        };
        field.input = field.kind.input();
        true
    }

    /// The arguments as they are typed, if they can be read.
    pub fn arguments(&self) -> Option<Value> {
        self.typed().ok()
    }

    /// The JSON object that a pasted text is, if the form could be filled with
    /// it and nothing was typed yet.
    pub fn offered(&self, text: &str) -> Option<Value> {
        let is_fresh = !self.is_raw_focused() && !self.is_dirty();
        let read = is_fresh.then(|| serde_json::from_str(text).ok()).flatten();
        read.filter(Value::is_object)
    }

    /// Takes pasted text, literally.
    pub fn paste(&mut self, text: &str) {
        self.replace(true);
        if self.is_raw_focused() {
            self.raw.paste(text);
            return;
        }
        if let Some(FieldInput::Text(field)) =
            self.fields.get_mut(self.focus).map(|it| &mut it.input)
        {
            field.paste(text);
        }
    }

    /// From rows to JSON, or back; stays where the JSON cannot be read.
    pub fn toggle(&mut self) {
        if self.mode == FormMode::Rows {
            let args = self
                .typed()
                .unwrap_or_else(|_unread| Value::Object(Map::new()));
            self.show_raw(&args);
            return;
        }
        match self.typed() {
            Ok(args) => {
                self.fill(&args);
                self.mode = FormMode::Rows;
                self.problems.clear();
                self.focus = self.stops().first().copied().unwrap_or(0);
            }
            Err(problem) => self.problems = vec![problem],
        }
    }

    /// Shows arguments as JSON.
    pub fn show_raw(&mut self, args: &Value) {
        let text = serde_json::to_string_pretty(args).unwrap_or_default();
        self.raw = TextField::with_text(&text);
        self.mode = FormMode::Raw;
        self.focus = self.fields.len();
        self.recalled.clear();
        self.problems.clear();
    }
}

#[cfg(test)]
mod tests;
mod value;
