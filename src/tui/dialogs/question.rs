//! The form of a question that a server asks its user.
//!
//! ```text
//! ┌ everything asks, for #3 ─────────────────────────────────────────────┐
//! │ Please provide inputs for the following fields:                      │
//! │                                                                      │
//! │▌ name*         Ada                                      string       │
//! │  check         [x] true                                 boolean      │
//! └──────────────────────────────────────────────────────────────────────┘
//! ```

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Map, Value};
use std::sync::Arc;

use super::choices::Choices;
use super::form;
use super::picker;
use super::{Answer, Dialog, Press};
use crate::catalogue::Catalogue;
use crate::engine::Command;
use crate::model::{
    Access, McpOperation, Question, QuestionKind, QuestionReply, Tool, ToolAction, ToolName,
    with_defaults,
};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, ActionGroup, Context, FormAction, QuestionAction};
use crate::tui::export::copy_source::CopySource;
use crate::tui::form::Form;
use crate::tui::state::{State, ToastLevel, UiCommand};
use crate::tui::text::{Piece, figure, words};
use crate::tui::views::{View, chrome};

/// Lines of the server's text that are shown.
const MAX_MESSAGE: usize = 8;

/// The form of a question.
#[derive(Debug)]
pub(in crate::tui) struct QuestionForm {
    question: Arc<Question>,
    /// The rows; `None` where there is nothing to fill in.
    rows: Option<Rows>,
}

/// The rows of a form, and the schema that they are checked by.
#[derive(Debug)]
struct Rows {
    form: Form,
    tool: Tool,
    catalogue: Catalogue,
    /// The values of a row, above the form.
    choices: Option<Box<Choices>>,
}

impl QuestionForm {
    /// Asks what the server asks.
    pub(in crate::tui) fn new(question: Arc<Question>) -> Self {
        let rows = match &question.kind {
            QuestionKind::Form { schema } => Some(Rows::new(&question, schema)),
            QuestionKind::Page { .. } => None,
        };
        Self { question, rows }
    }

    fn send(
        &self,
        reply: QuestionReply,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let server = Piece::from(Safe::new(self.question.server.as_str()));
        if state.question(self.question.id).is_none() {
            state.notify(ToastLevel::Warn, server.then(" asks no more"));
            return Answer::Close;
        }
        let told = match &reply {
            QuestionReply::Accepted(_) => " has your answer",
            QuestionReply::Declined => " is told that you do not want to say",
            QuestionReply::Cancelled => " is told that you left the question",
        };
        state.notify(ToastLevel::Info, server.then(told));
        commands.push(UiCommand::Engine(Command::AnswerQuestion {
            question: self.question.id,
            reply,
        }));
        Answer::Close
    }

    /// Reads and sends what is typed.
    fn submit(&mut self, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let values = match &mut self.rows {
            None => None,
            Some(rows) => match rows.values() {
                Some(values) => Some(values),
                None => return Answer::Stay,
            },
        };
        self.send(QuestionReply::Accepted(values), state, commands)
    }

    fn on_form(&mut self, action: FormAction, state: &mut State) -> Answer {
        match (action, &mut self.rows) {
            // What is typed stays a question: it is asked again.
            (FormAction::Close, _) => {
                let key = state.keymap.key(Action::AnswerQuestion).unwrap_or_default();
                let told = Piece::from("the question waits; ").then(Safe::new(&key));
                state.notify(ToastLevel::Info, told.then(" comes back to it"));
                return Answer::Close;
            }
            (FormAction::FieldNext | FormAction::FieldDown, Some(rows)) => rows.turn(1),
            (FormAction::FieldPrevious | FormAction::FieldUp, Some(rows)) => rows.turn(-1),
            (FormAction::ToggleRaw, Some(rows)) => rows.form.toggle(),
            (FormAction::ClearForm, Some(rows)) => rows.form.fill(&Value::Object(Map::new())),
            _ => {}
        }
        Answer::Stay
    }

    /// Copies the address, or what is typed.
    fn copy(&self, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let typed = self.rows.as_ref().map(|rows| rows.form.arguments());
        match (&self.question.kind, typed) {
            (QuestionKind::Page { url }, _) => {
                commands.push(UiCommand::Copy(CopySource::Text(url.clone())));
            }
            (_, Some(Some(values))) => {
                let text = serde_json::to_string_pretty(&values).unwrap_or_default();
                commands.push(UiCommand::Copy(CopySource::Json(text)));
            }
            _ => state.notify(ToastLevel::Info, "it cannot be read yet"),
        }
        Answer::Stay
    }

    /// Columns and rows inside its frame.
    fn size(&self, screen: Rect) -> (u16, u16) {
        let width = screen.width.saturating_sub(6).min(96);
        let rows = self.rows.as_ref();
        let below = rows.map_or(0, |rows| form::height(&rows.form));
        let height = screen.height.saturating_sub(4).min(30);
        let text = self.text(width).len() as u16;
        (width, height.min(text + 1 + below))
    }

    /// The lines of the server's text, and of the address.
    fn text(&self, width: u16) -> Vec<Safe> {
        let room = usize::from(width).saturating_sub(2);
        let mut lines = words::wrap(&self.question.message, room);
        lines.truncate(MAX_MESSAGE);
        if let QuestionKind::Page { url } = &self.question.kind {
            lines.push(Safe::new(""));
            let letters: Vec<char> = url.chars().collect();
            let parts = letters.chunks(room.max(1));
            lines.extend(parts.map(|part| Safe::new(&part.iter().collect::<String>())));
            let advice = "Open it only if you trust the server and the host. \
                          Enter opens it in your browser and tells the server so.";
            lines.push(Safe::new(""));
            lines.extend(words::wrap(advice, room));
        }
        lines
    }

    fn title(&self) -> Piece<'static> {
        let title = Piece::from(Safe::new(self.question.server.as_str())).then(" asks");
        match self.question.calls.as_slice() {
            [] => title,
            [call] => title.then(", for ").then(figure::call(*call)),
            calls => title
                .then(", for one of ")
                .then(figure::plural(calls.len(), "call")),
        }
    }
}

impl Rows {
    fn new(question: &Question, schema: &Arc<Value>) -> Self {
        let action = ToolAction::Mcp {
            server: question.server.clone(),
            tool: String::new(),
            operation: McpOperation::CallTool,
            output_schema: None,
            access: Access::Unannotated,
            is_listed: true,
        };
        let tool = Tool {
            input_schema: Some(Value::clone(schema)),
            ..Tool::new(ToolName::new(question.server.as_str()), action)
        };
        let defaults = Value::Object(with_defaults(schema, Map::new()));
        Self {
            form: Form::with_rows(&tool, Some(&defaults), Vec::new()),
            catalogue: Catalogue::of_tool(tool.clone()),
            tool,
            choices: None,
        }
    }

    fn turn(&mut self, by: isize) {
        self.form.turn(by, &self.catalogue);
    }

    /// Returns the values if they fit; problems stand at their rows.
    fn values(&mut self) -> Option<Map<String, Value>> {
        match self.form.check(&self.catalogue, None)? {
            Value::Object(values) => Some(values),
            _ => None,
        }
    }
}

impl Dialog for QuestionForm {
    fn contexts(&self) -> &'static [Context] {
        match &self.rows {
            Some(rows) if rows.choices.is_some() => &[Context::Picker],
            Some(rows) if rows.form.is_in_text() => {
                &[Context::Question, Context::Text, Context::Form]
            }
            _ => &[Context::Question, Context::Row, Context::Form],
        }
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        if let Some(Rows {
            choices: shown @ Some(_),
            form,
            ..
        }) = &mut self.rows
        {
            if shown.as_mut().is_some_and(|it| it.act(action, form)) {
                *shown = None;
            }
            return Answer::Stay;
        }
        match action.group() {
            ActionGroup::Question(QuestionAction::SendAnswer) => self.submit(state, commands),
            ActionGroup::Question(QuestionAction::DeclineQuestion) => {
                self.send(QuestionReply::Declined, state, commands)
            }
            ActionGroup::Question(QuestionAction::LeaveQuestion) => {
                self.send(QuestionReply::Cancelled, state, commands)
            }
            ActionGroup::Form(FormAction::CopyForm) => self.copy(state, commands),
            ActionGroup::Form(action) => self.on_form(action, state),
            _ => Answer::Stay,
        }
    }

    fn typed(&mut self, key: KeyEvent, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let Some(rows) = &mut self.rows else {
            return match key.code {
                KeyCode::Enter => self.submit(state, commands),
                _ => Answer::Stay,
            };
        };
        if let Some(choices) = &mut rows.choices {
            choices.key(key);
        } else if let Some(choices) = Choices::open(&rows.form, key) {
            rows.choices = Some(Box::new(choices));
        } else if key.code == KeyCode::Enter && !rows.form.is_in_text() {
            // Enter leads to the next row where it means nothing else.
            rows.turn(1);
        } else {
            rows.form.key(key);
        }
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if let Some(rows) = &mut self.rows {
            match &mut rows.choices {
                Some(choices) => choices.paste(text),
                None => rows.form.paste(text),
            }
        }
        Answer::Stay
    }

    fn pressed(&mut self, press: Press, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        let size = self.size(press.screen);
        let text = self.text(size.0).len() as u16;
        let Some(rows) = &mut self.rows else {
            return Answer::Stay;
        };
        if let Some(choices) = &mut rows.choices {
            if choices.pressed(press, &mut rows.form) {
                rows.choices = None;
            }
            return Answer::Stay;
        }
        let below = below(chrome::popup_inner(press.screen, size), text);
        if let Some(index) = form::field_at(&rows.form, below, press.at) {
            rows.form.go_to(index, &rows.catalogue);
        }
        Answer::Stay
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        let choices = self.rows.as_ref()?.choices.as_ref();
        choices.and(picker::WHEEL)
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let inner = chrome::popup(view, screen, self.size(screen), self.title(), buf);
        let lines = self.text(inner.width);
        for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
            let mut strip = view.strip(inner.width);
            strip.skip(1).put(line, view.style(Role::Fg));
            strip.draw((inner.x, y), buf);
        }
        let Some(rows) = &self.rows else {
            return;
        };
        let below = below(inner, lines.len() as u16);
        form::render(view, &rows.form, &rows.tool, below, buf);
        if let Some(choices) = &rows.choices {
            choices.render(view, &rows.form, screen, buf);
        }
    }
}

/// The part of an area below some lines.
fn below(area: Rect, lines: u16) -> Rect {
    let used = lines.min(area.height);
    Rect::new(area.x, area.y + used, area.width, area.height - used)
}
