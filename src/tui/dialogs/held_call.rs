//! The form of an agent's call that is held, of its answer, or of an answer by
//! hand.
//!
//! ```text
//! ┌ Answer #48 create_entities, agent gives up in ~47 s ─────────────────┐
//! │ Creates entities in the graph                                        │
//! │▌ text*         nothing was stored                       string       │
//! │ ── the answer ──                                                     │
//! │  as error      [ ] left out                             boolean      │
//! └──────────────────────────────────────────────────────────────────────┘
//! ```

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::confirm::ConfirmBox;
use super::copy_as::CopyAs;
use super::form;
use super::{Answer, Dialog, Press};
use crate::catalogue::Catalogue;
use crate::engine::{AgentCommand, Command};
use crate::model::{CallId, ListedTool, ProxiedCall, ProxiedStage, Tool};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, ActionGroup, Context, FormAction};
use crate::tui::form::{AnswerForm, Form, tool_of_answer, tool_of_arguments};
use crate::tui::state::{State, ToastLevel, UiCommand};
use crate::tui::text::{Piece, agent, figure};
use crate::tui::views::{View, chrome};

/// Subject of the form.
#[derive(Debug, Clone)]
enum Subject {
    /// The arguments of a call that is held.
    Arguments,
    /// An answer in the place of the server's.
    Answer(AnswerForm),
    /// The server's answer, which is held.
    HeldAnswer(AnswerForm, Arc<Value>),
}

/// A form about an agent's call.
#[derive(Debug)]
pub(in crate::tui) struct HeldCall {
    call: CallId,
    subject: Subject,
    form: Form,
    tool: Tool,
    /// The tool alone, to check against its schema.
    catalogue: Catalogue,
    /// Whether to discard what is typed.
    discard: Option<ConfirmBox>,
}

impl HeldCall {
    /// Asks for other arguments of the selected call, or for another answer
    /// where that is held.
    pub(in crate::tui) fn edit(state: &State) -> Option<Self> {
        let (row, call) = state.selected_proxied()?;
        let listed = listed(state, call);
        if let ProxiedStage::AnswerHeld(held) = &call.stage {
            let result = held.result.as_ref()?;
            let form = AnswerForm::of(listed, Some(result));
            let tool = tool_of_answer(call, listed, form);
            let typed = Form::of_answer(&tool, form, Some(result));
            let subject = Subject::HeldAnswer(form, Arc::clone(result));
            return Some(Self::new(row.id, subject, tool, typed));
        }
        let tool = tool_of_arguments(call, listed);
        let typed = Form::with_rows(&tool, Some(&row.args), Vec::new());
        Some(Self::new(row.id, Subject::Arguments, tool, typed))
    }

    /// Asks for an answer to the selected call.
    pub(in crate::tui) fn answer(state: &State) -> Option<Self> {
        let (row, call) = state.selected_proxied()?;
        let listed = listed(state, call);
        let form = AnswerForm::of(listed, None);
        let tool = tool_of_answer(call, listed, form);
        let typed = Form::of_answer(&tool, form, None);
        Some(Self::new(row.id, Subject::Answer(form), tool, typed))
    }

    fn new(call: CallId, subject: Subject, tool: Tool, form: Form) -> Self {
        Self {
            call,
            subject,
            form,
            catalogue: Catalogue::of_tool(tool.clone()),
            tool,
            discard: None,
        }
    }

    /// Sends what is typed, and lets it go unless it is to be held further.
    fn submit(
        &mut self,
        is_kept: bool,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        if !self.is_there(state) {
            state.notify(ToastLevel::Warn, "too late: the call is held no more");
            return Answer::Close;
        }
        let call = self.call;
        let is_released = !is_kept;
        let command = match &self.subject {
            Subject::Answer(_) if is_kept => {
                state.notify(ToastLevel::Info, "an answer by hand is sent at once");
                return Answer::Stay;
            }
            Subject::Arguments => {
                let args = self.form.check(&self.catalogue, None).map(Arc::new);
                args.map(|args| AgentCommand::EditArguments {
                    call,
                    args,
                    is_released,
                })
            }
            Subject::Answer(form) => {
                let result = self.form.answer(&self.catalogue, *form, None).map(Arc::new);
                result.map(|result| AgentCommand::Answer { call, result })
            }
            Subject::HeldAnswer(form, before) => {
                let result = self.form.answer(&self.catalogue, *form, Some(before));
                result.map(Arc::new).map(|result| AgentCommand::EditAnswer {
                    call,
                    result,
                    is_released,
                })
            }
        };
        let Some(command) = command else {
            return Answer::Stay;
        };
        commands.push(UiCommand::Engine(Command::Agents(command)));
        let told = match (&self.subject, is_kept) {
            (_, true) => " is changed, and held further",
            (Subject::Arguments, _) => " is sent as you changed it",
            (Subject::Answer(_), _) => " is answered by you",
            (Subject::HeldAnswer(..), _) => ": the answer goes on as you changed it",
        };
        state.notify(ToastLevel::Info, figure::call(call).then(told));
        Answer::Close
    }

    /// Whether the call still stands where it stood when the form was opened.
    fn is_there(&self, state: &State) -> bool {
        let call = state.run.row(self.call).and_then(|it| it.proxied.as_ref());
        call.is_some_and(|call| match self.subject {
            Subject::Arguments | Subject::Answer(_) => call.stage == ProxiedStage::Waiting,
            Subject::HeldAnswer(..) => matches!(call.stage, ProxiedStage::AnswerHeld(_)),
        })
    }

    fn on_form(
        &mut self,
        action: FormAction,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let form = &mut self.form;
        match action {
            FormAction::FieldNext | FormAction::FieldDown => form.turn(1, &self.catalogue),
            FormAction::FieldPrevious | FormAction::FieldUp => form.turn(-1, &self.catalogue),
            FormAction::ToggleRaw => form.toggle(),
            FormAction::ClearForm => form.clear(),
            FormAction::RecallForm => {}
            FormAction::Close if form.is_dirty() => {
                let answers = &["Keep typing", "Discard it"];
                self.discard = Some(ConfirmBox::new("Discard the form?", answers));
            }
            FormAction::Close => return Answer::Close,
            FormAction::CopyForm => match form.arguments() {
                Some(args) => {
                    return Answer::Open(Box::new(CopyAs::typed(form.tool.clone(), args)));
                }
                None => state.notify(ToastLevel::Info, "it cannot be read yet"),
            },
            FormAction::Submit | FormAction::SendHeld => {
                return self.submit(false, state, commands);
            }
            FormAction::SubmitFirst | FormAction::KeepHeld => {
                return self.submit(true, state, commands);
            }
        }
        Answer::Stay
    }

    fn on_discard(&mut self, answer: Option<usize>) -> Answer {
        match answer {
            None => Answer::Stay,
            Some(0) => {
                self.discard = None;
                Answer::Stay
            }
            Some(_) => Answer::Close,
        }
    }

    /// Columns and rows inside its frame.
    fn size(&self, screen: Rect) -> (u16, u16) {
        let width = screen.width.saturating_sub(6).min(96);
        let height = screen.height.saturating_sub(4).min(30);
        (width, height.min(form::height(&self.form)))
    }

    fn title(&self, state: &State) -> Piece<'static> {
        let what = match self.subject {
            Subject::Arguments => "Change ",
            Subject::Answer(_) => "Answer ",
            Subject::HeldAnswer(..) => "Change the answer of ",
        };
        let title = Piece::from(what).then(figure::call(self.call));
        let Some(row) = state.run.row(self.call) else {
            return title;
        };
        let title = title.then(" ").then(agent::marked_name(row));
        match &row.proxied {
            Some(call) => title
                .then(", ")
                .then(agent::patience(call, state.run_now())),
            None => title,
        }
    }
}

/// The tool of a call as its server lists it.
fn listed<'s>(state: &'s State, call: &ProxiedCall) -> Option<&'s ListedTool> {
    state.proxied_server(call)?.tool(&call.tool)
}

impl Dialog for HeldCall {
    fn contexts(&self) -> &'static [Context] {
        match &self.discard {
            Some(_) => &[Context::Confirm],
            None if self.form.is_in_text() => &[Context::Held, Context::Text, Context::Form],
            None => &[Context::Held, Context::Row, Context::Form],
        }
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        if let Some(shown) = &mut self.discard {
            let answer = shown.act(action);
            return self.on_discard(answer);
        }
        match action.group() {
            ActionGroup::Form(action) => self.on_form(action, state, commands),
            _ => Answer::Stay,
        }
    }

    fn typed(&mut self, key: KeyEvent, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if self.discard.is_some() {
            return Answer::Stay;
        }
        // Enter leads to the next row where it means nothing else.
        if !self.form.key(key) || key.code == KeyCode::Enter && !self.form.is_in_text() {
            self.form.turn(1, &self.catalogue);
        }
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if self.discard.is_none() {
            self.form.paste(text);
        }
        Answer::Stay
    }

    fn pressed(&mut self, press: Press, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if let Some(shown) = &mut self.discard {
            let answer = shown.pressed(press);
            return self.on_discard(answer);
        }
        let inner = chrome::popup_inner(press.screen, self.size(press.screen));
        if let Some(index) = form::field_at(&self.form, inner, press.at) {
            self.form.go_to(index, &self.catalogue);
        }
        Answer::Stay
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let title = self.title(view.state);
        let inner = chrome::popup(view, screen, self.size(screen), title, buf);
        form::render(view, &self.form, &self.tool, inner, buf);
        if let Some(shown) = &self.discard {
            let says = |width| {
                let mut strip = view.strip(width);
                let text = Safe::new("What is typed is not sent.");
                strip.skip(1).put(text, view.style(Role::Fg));
                vec![strip]
            };
            shown.render(view, says, screen, buf);
        }
    }
}
