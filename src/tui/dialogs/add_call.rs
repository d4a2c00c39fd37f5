//! A new call: the list of tools, or the form of the one that was picked.
//!
//! ```text
//! ┌ Add a call: pick a tool ─────┐
//! │ tool: wo                     │
//! │ ▌word-count  Counts lines …  │
//! │  work        Does work       │
//! └──────────────────────────────┘
//! ```

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::choices::Choices;
use super::confirm::ConfirmBox;
use super::copy_as::CopyAs;
use super::form;
use super::picker::{self, Picked};
use super::tool_choices::{self, Choice, choices, start};
use super::{Answer, Dialog, Press};
use crate::engine::Command;
use crate::model::{CallId, CallName, Snapshot};
use crate::output::Safe;
use crate::plan;
use crate::theme::Role;
use crate::tui::action::{Action, ActionGroup, Context, FormAction};
use crate::tui::form::{Form, InitialArguments, memorable};
use crate::tui::state::{Shortlist, State, ToastLevel, UiCommand};
use crate::tui::text::{Piece, figure};
use crate::tui::views::{View, chrome};

/// A new call that is being put together: first its tool, then its form.
#[derive(Debug)]
pub(in crate::tui) struct AddCall {
    /// The tools and servers that the typed letters leave.
    tools: Shortlist<Choice>,
    /// The most that were listed so far.
    most: u16,
    /// The form of the tool that was picked.
    form: Option<Form>,
    /// Whether the tool was chosen elsewhere, so that there is no way back to
    /// the list of tools.
    is_tool_given: bool,
    above: Above,
}

/// A box above the form.
#[derive(Debug, Default)]
enum Above {
    #[default]
    Nothing,
    /// The values of a row.
    Choices(Box<Choices>),
    /// Whether to discard the form.
    Discard(ConfirmBox),
    /// Where to put a pasted JSON object.
    Fill(ConfirmBox, Value),
}

impl AddCall {
    /// Asks for the tool.
    pub(in crate::tui) fn new(state: &State) -> Self {
        let tools = Shortlist::new(choices(state, ""), 0);
        Self {
            most: count(&tools),
            tools,
            form: None,
            is_tool_given: false,
            above: Above::Nothing,
        }
    }

    /// Asks for the arguments of the tool that is selected in the catalogue;
    /// `None` where it cannot be called.
    pub(in crate::tui) fn for_selected_tool(state: &mut State) -> Option<Self> {
        if let Some(reason) = state.why_no_call() {
            state.notify(ToastLevel::Info, reason);
            return None;
        }
        let tool = state.selected_tool()?;
        let form = Form::remembering(tool, state.last_args.of(tool));
        Some(Self::with_form(form))
    }

    /// Asks for other arguments of the selected call; `None` where there is
    /// none, or its tool is unknown.
    pub(in crate::tui) fn for_selected_call(state: &mut State) -> Option<Self> {
        let Some(row) = state.selected() else {
            state.notify(ToastLevel::Info, "no call is selected");
            return None;
        };
        // Resolved arguments are kept: later outputs do not change them.
        let args = if row.are_args_resolved || row.call.are_args_final {
            plan::escape_all(&row.args)
        } else {
            Value::clone(&row.call.args)
        };
        let Some(tool) = state.catalogue.get(&row.tool) else {
            state.notify(ToastLevel::Warn, "its tool is not in the catalogue");
            return None;
        };
        let mut form = Form::new(tool, Some(&args));
        form.keep(row, tool, &state.run);
        Some(Self::with_form(form))
    }

    fn with_form(form: Form) -> Self {
        Self {
            tools: Shortlist::new(Vec::new(), 0),
            most: 0,
            form: Some(form),
            is_tool_given: true,
            above: Above::Nothing,
        }
    }

    /// Carries an action out on the list of tools.
    fn pick(&mut self, picked: Picked, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match picked {
            Picked::Marked | Picked::Nothing => Answer::Stay,
            Picked::Left => Answer::Close,
            Picked::Taken => {
                match self.tools.chosen() {
                    Some(Choice::Tool(name)) => {
                        let tool = state.catalogue.get(name);
                        // The form begins with the arguments that the tool was
                        // given last.
                        self.form = tool.map(|it| Form::remembering(it, state.last_args.of(it)));
                    }
                    Some(Choice::Server(name)) => start(name, state, commands),
                    None => {}
                }
                Answer::Stay
            }
        }
    }

    /// Carries an action out on the form.
    fn on_form(
        &mut self,
        action: FormAction,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let Some(form) = &mut self.form else {
            return Answer::Stay;
        };
        match action {
            FormAction::FieldNext | FormAction::FieldDown => form.turn(1, &state.catalogue),
            FormAction::FieldUp if form.recall() => {}
            FormAction::FieldPrevious | FormAction::FieldUp => form.turn(-1, &state.catalogue),
            FormAction::RecallForm if form.recall_all() => {}
            FormAction::RecallForm => {
                state.notify(ToastLevel::Info, "the tool was not called by hand before");
            }
            FormAction::ToggleRaw => form.toggle(),
            FormAction::ClearForm => form.clear(),
            FormAction::Close if form.is_dirty() => {
                let answers = &["Keep typing", "Discard it"];
                self.above = Above::Discard(ConfirmBox::new("Discard the form?", answers));
            }
            FormAction::Close if self.is_tool_given => return Answer::Close,
            FormAction::Close => self.form = None,
            FormAction::CopyForm => match form.arguments() {
                Some(args) => {
                    return Answer::Open(Box::new(CopyAs::typed(form.tool.clone(), args)));
                }
                None => state.notify(ToastLevel::Info, "the arguments cannot be read yet"),
            },
            FormAction::Submit => return submit(form, false, state, commands),
            FormAction::SubmitFirst => return submit(form, true, state, commands),
            // Heard in forms about agents' calls only.
            FormAction::SendHeld | FormAction::KeepHeld => {}
        }
        Answer::Stay
    }

    /// Carries the answer of the box above the form out.
    fn on_answer(&mut self, answer: Option<usize>) -> Answer {
        let Some(answer) = answer else {
            return Answer::Stay;
        };
        match (std::mem::take(&mut self.above), answer, &mut self.form) {
            (Above::Discard(_), 1.., _) => return Answer::Close,
            (Above::Fill(_, args), 1, Some(form)) => form.paste(&args.to_string()),
            (Above::Fill(_, args), 2.., Some(form)) => form.fill(&args),
            _ => {}
        }
        Answer::Stay
    }

    /// Columns and rows inside its frame.
    fn size(&self, screen: Rect) -> (u16, u16) {
        let width = screen.width.saturating_sub(6).min(96);
        let height = screen.height.saturating_sub(4).min(30);
        match &self.form {
            // Letters that are typed narrow the list, not the box.
            None => (width, height.min(self.most.saturating_add(1).max(4))),
            Some(form) => (width, height.min(form::height(form))),
        }
    }
}

/// Queues the call, before all others if `is_first`, unless something is wrong
/// with it.
fn submit(
    form: &mut Form,
    is_first: bool,
    state: &mut State,
    commands: &mut Vec<UiCommand>,
) -> Answer {
    let Some(tool) = state.catalogue.get(&form.tool) else {
        return Answer::Stay;
    };
    // Both are checked, so that every problem is shown at once.
    let draft = form.options(tool, &state.run);
    let (Some(args), Some(mut draft)) = (form.check(&state.catalogue, None), draft) else {
        return Answer::Stay;
    };
    draft.args = args;
    draft.origin = form.author();
    if is_first {
        let above_all = highest_priority(&state.run).saturating_add(1);
        draft.settings.priority = draft.settings.priority.max(above_all);
    }
    // The engine checks it again, against the calls that there are by then.
    if let Err(problems) = plan::admit(draft.clone(), &names(&state.run), &state.catalogue) {
        form.problems = problems
            .iter()
            .map(|it| Safe::new(&it.to_string()))
            .collect();
        return Answer::Stay;
    }
    let said = Piece::from("queued: ").then(Safe::new(tool.name.as_str()));
    let kept = memorable(tool, &draft.args);
    commands.push(UiCommand::KeepArguments(tool.name.clone(), kept.clone()));
    state.last_args.put(tool, kept);
    state.notify(ToastLevel::Info, said);
    commands.push(UiCommand::Engine(Command::Add(Box::new(draft))));
    Answer::Close
}

/// Returns how many entries are listed.
fn count(tools: &Shortlist<Choice>) -> u16 {
    u16::try_from(tools.found.len()).unwrap_or(u16::MAX)
}

fn highest_priority(run: &Snapshot) -> i32 {
    let waiting = run.queue.iter().filter_map(|id| run.row(*id));
    waiting
        .map(|row| row.call.priority)
        .max()
        .unwrap_or_default()
}

fn names(run: &Snapshot) -> BTreeMap<CallName, CallId> {
    run.calls
        .iter()
        .map(|row| (row.name.clone(), row.id))
        .collect()
}

impl Dialog for AddCall {
    fn renew(&mut self, state: &State) {
        if self.form.is_none() {
            self.tools.renew(|typed| choices(state, typed));
            self.most = self.most.max(count(&self.tools));
        }
    }

    fn contexts(&self) -> &'static [Context] {
        match (&self.above, &self.form) {
            (Above::Choices(_), _) | (Above::Nothing, None) => &[Context::Picker],
            (Above::Discard(_) | Above::Fill(..), _) => &[Context::Confirm],
            (Above::Nothing, Some(form)) if form.is_in_text() => &[Context::Text, Context::Form],
            (Above::Nothing, Some(_)) => &[Context::Row, Context::Form],
        }
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match (&mut self.above, &mut self.form) {
            (Above::Choices(choices), Some(form)) => {
                if choices.act(action, form) {
                    self.above = Above::Nothing;
                }
                Answer::Stay
            }
            (Above::Discard(shown) | Above::Fill(shown, _), _) => {
                let answer = shown.act(action);
                self.on_answer(answer)
            }
            (_, None) => {
                let picked = picker::act(&mut self.tools, action);
                self.pick(picked, state, commands)
            }
            (Above::Nothing, Some(_)) => match action.group() {
                ActionGroup::Form(action) => self.on_form(action, state, commands),
                _ => Answer::Stay,
            },
        }
    }

    fn typed(&mut self, key: KeyEvent, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        let catalogue = &state.catalogue;
        match (&mut self.above, &mut self.form) {
            (Above::Choices(choices), _) => choices.key(key),
            (Above::Discard(_) | Above::Fill(..), _) => {}
            (Above::Nothing, Some(form)) => match Choices::open(form, key) {
                Some(choices) => self.above = Above::Choices(Box::new(choices)),
                // Enter leads to the next row where it means nothing else.
                None if key.code == KeyCode::Enter && !form.is_in_text() => {
                    form.turn(1, catalogue);
                }
                None => {
                    form.key(key);
                }
            },
            (Above::Nothing, None) => self.tools.key(key, |typed| choices(state, typed)),
        }
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        match (&mut self.above, &mut self.form) {
            (Above::Choices(choices), _) => choices.paste(text),
            (Above::Discard(_) | Above::Fill(..), _) => {}
            (Above::Nothing, Some(form)) => match form.offered(text) {
                Some(args) => {
                    let answers = &["Leave it", "Paste it as text", "Fill the form with it"];
                    self.above = Above::Fill(ConfirmBox::new("Fill the form?", answers), args);
                }
                None => form.paste(text),
            },
            (Above::Nothing, None) => self.tools.paste(text, |typed| choices(state, typed)),
        }
        Answer::Stay
    }

    fn pressed(
        &mut self,
        press: Press,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let size = self.size(press.screen);
        match (&mut self.above, &mut self.form) {
            (Above::Choices(choices), Some(form)) => {
                if choices.pressed(press, form) {
                    self.above = Above::Nothing;
                }
            }
            (Above::Discard(shown) | Above::Fill(shown, _), _) => {
                let answer = shown.pressed(press);
                return self.on_answer(answer);
            }
            (_, None) => {
                let area = chrome::popup_area(press.screen, size);
                let picked = picker::pressed(&mut self.tools, area, press);
                return self.pick(picked, state, commands);
            }
            (Above::Nothing, Some(form)) => {
                let inner = chrome::popup_inner(press.screen, size);
                if let Some(index) = form::field_at(form, inner, press.at) {
                    form.go_to(index, &state.catalogue);
                }
            }
        }
        Answer::Stay
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        match self.above {
            Above::Choices(_) => picker::WHEEL,
            _ => None,
        }
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let size = self.size(screen);
        let Some(form) = &self.form else {
            let inner = chrome::popup(view, screen, size, "Add a call: pick a tool", buf);
            tool_choices::render(view, &self.tools, inner, buf);
            return;
        };
        if let Some(tool) = view.state.catalogue.get(&form.tool) {
            let title = title(form);
            let inner = chrome::popup(view, screen, size, title, buf);
            form::render(view, form, tool, inner, buf);
        }
        let says = |text: &'static str| {
            move |width| {
                let mut strip = view.strip(width);
                strip.skip(1).put(text, view.style(Role::Fg));
                vec![strip]
            }
        };
        match &self.above {
            Above::Nothing => {}
            Above::Choices(choices) => choices.render(view, form, screen, buf),
            Above::Discard(shown) => {
                shown.render(view, says("The typed call is not queued."), screen, buf);
            }
            Above::Fill(shown, _) => {
                shown.render(view, says("A JSON object was pasted."), screen, buf);
            }
        }
    }
}

/// Returns the title: the tool, and the call that is changed.
fn title(form: &Form) -> Piece<'static> {
    let tool = Safe::new(form.tool.as_str());
    let added = Piece::from("Add a call: ").then(&tool);
    match form.origin {
        InitialArguments::Schema => added,
        InitialArguments::Call(call) => {
            let again = Piece::from("Edit ").then(figure::call(call));
            again.then(" and run it again: ").then(&tool)
        }
    }
}
