//! Actions on the selected call, and on the list that it is in.

use std::time::Duration;

use super::{agents, panes};
use crate::engine::Command;
use crate::model::{CallId, CallState};
use crate::tui::action::{Action, CallAction};
use crate::tui::dialogs::{AddCall, Columns, Confirm, CopyAs, Layers, Question};
use crate::tui::export::program::Viewer;
use crate::tui::state::refusal;
use crate::tui::state::{PendingCancel, Selection, SortKey, State, ToastLevel, UiCommand};
use crate::tui::text::{Piece, figure};

/// How long a cancellation waits for its second press.
const ARMED: Duration = Duration::from_secs(3);

/// Carries an action out.
pub(super) fn act(
    state: &mut State,
    layers: &mut Layers,
    action: CallAction,
    commands: &mut Vec<UiCommand>,
) {
    match action {
        CallAction::Sort => state.selector.sort = state.selector.sort.next(),
        CallAction::SortReverse => state.selector.is_reversed = !state.selector.is_reversed,
        CallAction::Scope => state.is_table_full = !state.is_table_full,
        CallAction::Columns => layers.push(Columns::default()),
        CallAction::Mark => {
            if let Some(call) = state.selection.call() {
                state.toggle_mark(call);
                panes::move_by(state, 1);
            }
        }
        CallAction::Open => panes::open(state),
        CallAction::Detail => panes::detail(state),
        CallAction::Copy => with_source(state, commands, UiCommand::Copy),
        CallAction::CopyAs => match state.selected() {
            Some(row) => layers.push(CopyAs::selected(row)),
            None => state.notify(ToastLevel::Info, "no call is selected"),
        },
        CallAction::Edit => {
            with_source(state, commands, |it| UiCommand::View(Viewer::Editor, it));
        }
        CallAction::Page => with_source(state, commands, |it| UiCommand::View(Viewer::Pager, it)),
        CallAction::Cancel if !state.marked.is_empty() => {
            layers.push(Confirm::new(Question::CancelMarked));
        }
        CallAction::Cancel => cancel(state, commands),
        CallAction::Kill if !state.marked.is_empty() => {
            layers.push(Confirm::new(Question::KillMarked));
        }
        CallAction::Kill => kill(state, layers, commands),
        CallAction::Rerun => rerun(state, commands),
        CallAction::EditRerun if state.selected_proxied().is_some() => {
            match refusal::refusal(state, Action::EditRerun) {
                Some(reason) => state.notify(ToastLevel::Info, reason),
                None => agents::edit(state, layers),
            }
        }
        CallAction::EditRerun => {
            if let Some(dialog) = AddCall::for_selected_call(state) {
                layers.push(dialog);
            }
        }
        CallAction::MoveDown => reorder(state, Reorder::Down, commands),
        CallAction::MoveUp => reorder(state, Reorder::Up, commands),
        CallAction::RunNext => reorder(state, Reorder::First, commands),
    }
}

/// Does something with what would be copied.
fn with_source(
    state: &mut State,
    commands: &mut Vec<UiCommand>,
    command: impl FnOnce(crate::tui::export::copy_source::CopySource) -> UiCommand,
) {
    match state.copy_source() {
        Some(source) => commands.push(command(source)),
        None => state.notify(ToastLevel::Info, "no call is selected"),
    }
}

/// Returns the selected call, which stays selected from now on: a key is
/// pressed for it, whatever starts next.
fn chosen(state: &mut State) -> Option<(CallId, CallState)> {
    let found = state.selected().map(|row| (row.id, row.state));
    match &found {
        Some((call, _)) => state.selection = Selection::Chosen(*call),
        None => state.notify(ToastLevel::Info, "no call is selected"),
    }
    found
}

/// Cancels the selected call, at the second press.
fn cancel(state: &mut State, commands: &mut Vec<UiCommand>) {
    let Some((call, at)) = chosen(state) else {
        return;
    };
    if at.is_ended() {
        state.notify(ToastLevel::Info, figure::call(call).then(" has ended"));
    } else if state.selected_proxied().is_some()
        && let Some(reason) = refusal::refusal(state, Action::Cancel)
    {
        state.notify(ToastLevel::Info, reason);
    } else if matches!(at, CallState::Stopping { .. }) {
        let text = figure::call(call)
            .then(" is being stopped; ")
            .then(key(state, Action::Kill));
        state.notify(ToastLevel::Info, text.then(" kills it now"));
    } else if state.armed.is_some_and(|armed| armed.call == call) {
        state.armed = None;
        commands.push(UiCommand::Engine(Command::Cancel(vec![call])));
    } else {
        let until = state.now + ARMED;
        state.armed = Some(PendingCancel { call, until });
    }
}

/// Kills the selected call; one of an agent with its server, after a question.
fn kill(state: &mut State, layers: &mut Layers, commands: &mut Vec<UiCommand>) {
    let Some((call, at)) = chosen(state) else {
        return;
    };
    if let Some((row, proxied)) = state.selected_proxied()
        && !row.state.is_ended()
    {
        let proxy = proxied.proxy;
        match refusal::refusal(state, Action::Kill) {
            Some(reason) => state.notify(ToastLevel::Info, reason),
            None => layers.push(Confirm::new(Question::KillProxied {
                proxy,
                call: Some(call),
            })),
        }
        return;
    }
    if at.is_ended() {
        state.notify(ToastLevel::Info, figure::call(call).then(" has ended"));
    } else {
        commands.push(UiCommand::Engine(Command::Kill(vec![call])));
    }
}

/// Runs the marked calls again, else the selected one.
fn rerun(state: &mut State, commands: &mut Vec<UiCommand>) {
    if !state.marked.is_empty() {
        let mut calls = state.take_marked();
        let run = &state.run;
        // Only an agent asks again for what it asked for.
        calls.retain(|id| run.row(*id).is_none_or(|row| row.proxied.is_none()));
        let text = figure::plural(calls.len(), "call").then(" queued again");
        state.notify(ToastLevel::Info, text);
        commands.push(UiCommand::Engine(Command::Rerun(calls)));
        return;
    }
    let Some((call, at)) = chosen(state) else {
        return;
    };
    let named = figure::call(call);
    if state.selected_proxied().is_some()
        && let Some(reason) = refusal::refusal(state, Action::Rerun)
    {
        state.notify(ToastLevel::Info, reason);
    } else if at.is_ended() {
        commands.push(UiCommand::Engine(Command::Rerun(vec![call])));
        state.notify(ToastLevel::Info, named.then(" queued again, as a new call"));
    } else {
        state.notify(ToastLevel::Info, named.then(" has not ended"));
    }
}

/// Another place of a waiting call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reorder {
    /// Before the call above.
    Up,
    /// After the next one.
    Down,
    /// Before all others.
    First,
}

/// Changes the place of the selected call, which must wait.
fn reorder(state: &mut State, to: Reorder, commands: &mut Vec<UiCommand>) {
    let Some((call, _)) = chosen(state) else {
        return;
    };
    let queue = &state.run.queue;
    let Some(at) = queue.iter().position(|it| *it == call) else {
        state.notify(ToastLevel::Info, figure::call(call).then(" does not wait"));
        return;
    };
    let is_sorted = state.selector.sort != SortKey::Given || state.selector.is_reversed;
    if is_sorted && to != Reorder::First {
        state.notify(ToastLevel::Info, "sort by start to change the order");
        return;
    }
    let command = match to {
        Reorder::First => Command::RunNext(call),
        Reorder::Up if at == 0 => return,
        Reorder::Down if at + 1 == queue.len() => return,
        Reorder::Up => Command::Move {
            call,
            before: queue.get(at - 1).copied(),
        },
        Reorder::Down => Command::Move {
            call,
            before: queue.get(at + 2).copied(),
        },
    };
    commands.push(UiCommand::Engine(command));
}

fn key(state: &State, action: Action) -> Piece<'static> {
    let key = state.keymap.key(action).unwrap_or_default();
    crate::output::Safe::new(&key).into()
}
