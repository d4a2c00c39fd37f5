//! Putting a new call together and queueing it.

use std::collections::BTreeMap;

use super::{UiCommand, copying};
use crate::engine::Command;
use crate::model::{CallId, CallName, Snapshot};
use crate::output::Safe;
use crate::plan;
use crate::tui::action::Action;
use crate::tui::form::{FieldInput, Form, memorable};
use crate::tui::state::{AddCall, Ask, Layer, Question, State, ToastLevel};
use crate::tui::text::Piece;

/// Asks for a tool.
pub(super) fn open(state: &mut State) {
    let add = AddCall::new(&state.catalogue);
    state.layers.push(Layer::Add(Box::new(add)));
}

/// Opens the form of the tool that is selected in the catalogue.
pub(super) fn for_tool(state: &mut State) {
    if let Some(reason) = state.why_no_call() {
        state.say(ToastLevel::Info, reason);
        return;
    }
    let Some(tool) = state.selected_tool() else {
        return;
    };
    let form = Form::remembering(tool, state.last_args.of(tool));
    let add = AddCall::with_form(form);
    state.layers.push(Layer::Add(Box::new(add)));
}

/// Opens the selected call's arguments to run it again with others.
pub(super) fn edit(state: &mut State) {
    let Some(row) = state.selected() else {
        state.say(ToastLevel::Info, "no call is selected");
        return;
    };
    // What was resolved is shown as it was used: later outputs do not change it.
    let args = if row.are_args_resolved {
        plan::escape_all(&row.args)
    } else {
        row.call.args.clone()
    };
    match state.catalogue.get(&row.tool) {
        Some(tool) => {
            let mut form = Form::new(tool, Some(&args));
            form.keep(row, tool, &state.run);
            let add = AddCall::with_form(form);
            state.layers.push(Layer::Add(Box::new(add)));
        }
        None => state.say(ToastLevel::Warn, "its tool is not in the catalogue"),
    }
}

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    let Some(Layer::Add(add)) = state.layers.last_mut() else {
        return;
    };
    let Some(form) = &mut add.form else {
        match action {
            Action::MarkNext => add.list.turn(1),
            Action::MarkPrevious => add.list.turn(-1),
            Action::Close => drop(state.layers.pop()),
            Action::Take => pick(state),
            _ => {}
        }
        return;
    };
    match action {
        Action::FieldNext | Action::FieldDown => form.turn(1, &state.catalogue),
        Action::FieldPrevious | Action::FieldUp => form.turn(-1, &state.catalogue),
        Action::ToggleRaw => form.toggle(),
        Action::ClearForm => {
            if let Some(tool) = state.catalogue.get(&form.tool) {
                form.clear(tool);
            }
        }
        Action::Close if form.is_dirty() => {
            state.layers.push(Layer::Ask(Ask::new(Question::DropForm)));
        }
        Action::Close if add.is_tool_given => drop(state.layers.pop()),
        Action::Close => add.form = None,
        Action::CopyForm => copying::open_form_ways(state),
        Action::Submit | Action::SubmitFirst => {
            submit(state, action == Action::SubmitFirst, commands);
        }
        _ => {}
    }
}

/// Opens the form of the marked tool, with the arguments it was given last.
fn pick(state: &mut State) {
    let Some(Layer::Add(add)) = state.layers.last_mut() else {
        return;
    };
    if let Some(tool) = add.tool(&state.catalogue) {
        let form = Form::remembering(tool, state.last_args.of(tool));
        add.form = Some(form);
    }
}

/// Takes the JSON object that was pasted: as text, or as the arguments.
pub(super) fn take_offer(state: &mut State, is_text: bool) {
    let Some(Layer::Add(add)) = state.layers.last_mut() else {
        return;
    };
    if let (Some(form), Some(args)) = (&mut add.form, add.offered.take()) {
        if is_text {
            form.paste(&args.to_string());
        } else {
            form.fill(&args);
        }
    }
}

/// Handles an action in the list of a row's values.
pub(super) fn in_choices(state: &mut State, action: Action) {
    let Some(Layer::Choices(choices)) = state.layers.last_mut() else {
        return;
    };
    let taken = match action {
        Action::MarkNext => return choices.list.turn(1),
        Action::MarkPrevious => return choices.list.turn(-1),
        Action::Close => None,
        Action::Take => choices.list.chosen().copied(),
        _ => return,
    };
    let row = choices.row;
    state.layers.pop();
    if let Some(Layer::Add(add)) = state.layers.last_mut()
        && let Some(field) = add.form.as_mut().and_then(|it| it.fields.get_mut(row))
        && taken.is_some()
    {
        field.input = FieldInput::Choice(taken);
        field.problem = None;
    }
}

fn submit(state: &mut State, is_first: bool, commands: &mut Vec<UiCommand>) {
    let Some(Layer::Add(add)) = state.layers.last_mut() else {
        return;
    };
    let Some(form) = &mut add.form else {
        return;
    };
    let Some(tool) = state.catalogue.get(&form.tool) else {
        return;
    };
    // Both are looked at, so that every problem is shown at once.
    let draft = form.options(tool, &state.run);
    let (Some(args), Some(mut draft)) = (form.check(&state.catalogue, None), draft) else {
        return;
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
        return;
    }
    let said = Piece::from("queued: ").then(Safe::new(tool.name.as_str()));
    let kept = memorable(tool, &draft.args);
    commands.push(UiCommand::Remember(tool.name.clone(), kept));
    state.last_args.put(tool, draft.args.clone());
    state.layers.pop();
    state.say(ToastLevel::Info, said);
    commands.push(UiCommand::Engine(Command::Add(Box::new(draft))));
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
