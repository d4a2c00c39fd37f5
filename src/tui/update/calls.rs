//! Actions on the selected call.

use std::time::Duration;

use super::UiCommand;
use crate::engine::Command;
use crate::model::{CallId, CallState};
use crate::tui::action::Action;
use crate::tui::state::{
    Ask, Layer, PendingCancel, Question, Selection, SortKey, State, ToastLevel,
};
use crate::tui::text::{Piece, figure};

/// How long a cancellation waits for its second press.
const ARMED: Duration = Duration::from_secs(3);

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    if !state.marked.is_empty() && on_marked(state, action, commands) {
        return;
    }
    let Some(row) = state.selected().cloned() else {
        state.say(ToastLevel::Info, "no call is selected");
        return;
    };
    // What a key is pressed for stays selected, whatever starts next.
    state.selection = Selection::Chosen(row.id);
    let named = || figure::call(row.id);
    match action {
        Action::Rerun if row.state.is_ended() => {
            commands.push(UiCommand::Engine(Command::Rerun(vec![row.id])));
            state.say(
                ToastLevel::Info,
                named().then(" queued again, as a new call"),
            );
        }
        Action::Rerun => state.say(ToastLevel::Info, named().then(" has not ended")),
        Action::MoveDown | Action::MoveUp | Action::RunNext => {
            reorder(state, action, row.id, commands);
        }
        _ if row.state.is_ended() => state.say(ToastLevel::Info, named().then(" has ended")),
        Action::Kill => commands.push(UiCommand::Engine(Command::Kill(vec![row.id]))),
        _ if matches!(row.state, CallState::Stopping { .. }) => {
            let text = named()
                .then(" is being stopped; ")
                .then(key(state, Action::Kill));
            state.say(ToastLevel::Info, text.then(" kills it now"));
        }
        _ if state.armed.is_some_and(|armed| armed.call == row.id) => {
            state.armed = None;
            commands.push(UiCommand::Engine(Command::Cancel(vec![row.id])));
        }
        _ => {
            let until = state.now + ARMED;
            state.armed = Some(PendingCancel {
                call: row.id,
                until,
            });
        }
    }
}

/// Handles an action on all marked calls; returns false if it does not apply.
fn on_marked(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) -> bool {
    let question = match action {
        Action::Cancel => Question::CancelMarked,
        Action::Kill => Question::KillMarked,
        Action::Rerun => {
            let ids: Vec<CallId> = std::mem::take(&mut state.marked).into_iter().collect();
            state.say(
                ToastLevel::Info,
                figure::plural(ids.len(), "call").then(" queued again"),
            );
            commands.push(UiCommand::Engine(Command::Rerun(ids)));
            return true;
        }
        _ => return false,
    };
    state.layers.push(Layer::Ask(Ask::new(question)));
    true
}

/// Changes the place of a waiting call.
fn reorder(state: &mut State, action: Action, call: CallId, commands: &mut Vec<UiCommand>) {
    let queue = &state.run.queue;
    let Some(at) = queue.iter().position(|it| *it == call) else {
        state.say(ToastLevel::Info, figure::call(call).then(" does not wait"));
        return;
    };
    let is_sorted = state.selector.sort != SortKey::Given || state.selector.is_reversed;
    let command = match action {
        Action::RunNext => Command::RunNext(call),
        _ if is_sorted => {
            state.say(ToastLevel::Info, "sort by start to change the order");
            return;
        }
        Action::MoveUp if at == 0 => return,
        Action::MoveDown if at + 1 == queue.len() => return,
        Action::MoveUp => Command::Move {
            call,
            before: queue.get(at - 1).copied(),
        },
        _ => Command::Move {
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
