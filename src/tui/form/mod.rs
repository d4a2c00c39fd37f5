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

use crossterm::event::KeyEvent;
use serde_json::{Map, Value};

use crate::catalogue::Catalogue;
use crate::model::{self, CallId, Tool, ToolName};
use crate::output::Safe;

use crate::tui::state::turned;
use crate::tui::text::field::TextField;
use crate::tui::text::schema;

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
    /// The last call of the tool that was put together by hand.
    Last,
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

    /// A form with what the tool was called with last, if that is known.
    pub fn remembering(tool: &Tool, last: Option<&Value>) -> Self {
        let Some(last) = last else {
            return Self::new(tool, Some(&schema::skeleton(tool)));
        };
        let mut form = Self::new(tool, Some(last));
        form.origin = InitialArguments::Last;
        form
    }

    /// Puts what the schema says in the place of all arguments.
    pub fn clear(&mut self, tool: &Tool) {
        let args = schema::skeleton(tool);
        self.problems.clear();
        match self.mode {
            FormMode::Rows => self.fill(&args),
            FormMode::Raw => self.show_raw(&args),
        }
        self.origin = InitialArguments::Schema;
    }

    /// Returns the author of the arguments of a call made from it.
    pub fn author(&self) -> model::CallOrigin {
        match self.origin {
            InitialArguments::Call(call) => model::CallOrigin::Changed(call),
            InitialArguments::Schema | InitialArguments::Last => model::CallOrigin::User,
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

    fn stand(&self) -> (Option<Value>, Vec<String>) {
        let options = self.fields.iter().filter(|field| field.is_option);
        (self.typed().ok(), options.map(FormField::text).collect())
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
        if self.is_raw_focused() {
            self.raw.key(key);
            return true;
        }
        self.fields
            .get_mut(self.focus)
            .is_some_and(|field| field.key(key))
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
        self.problems.clear();
    }
}

#[cfg(test)]
mod tests;
