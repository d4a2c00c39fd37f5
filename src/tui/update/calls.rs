//! What is done to the selected call.

use std::time::Duration;

use super::UiCommand;
use crate::engine::Command;
use crate::model::CallState;
use crate::tui::action::Action;
use crate::tui::state::{Armed, Level, Selection, State};
use crate::tui::text::{Piece, figure};

/// How long a cancellation waits for its second press.
const ARMED: Duration = Duration::from_secs(3);

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    let Some(row) = state.selected().cloned() else {
        state.say(Level::Info, "no call is selected");
        return;
    };
    // What a key is pressed for stays selected, whatever starts next.
    state.selection = Selection::Chosen(row.id);
    let named = || figure::call(row.id);
    match action {
        Action::Rerun if row.state.is_ended() => {
            commands.push(UiCommand::Engine(Command::Rerun(vec![row.id])));
            state.say(Level::Info, named().then(" queued again, as a new call"));
        }
        Action::Rerun => state.say(Level::Info, named().then(" has not ended")),
        _ if row.state.is_ended() => state.say(Level::Info, named().then(" has ended")),
        Action::Kill => commands.push(UiCommand::Engine(Command::Kill(vec![row.id]))),
        _ if matches!(row.state, CallState::Stopping { .. }) => {
            let text = named()
                .then(" is being stopped; ")
                .then(key(state, Action::Kill));
            state.say(Level::Info, text.then(" kills it now"));
        }
        _ if state.armed.is_some_and(|armed| armed.call == row.id) => {
            state.armed = None;
            commands.push(UiCommand::Engine(Command::Cancel(vec![row.id])));
        }
        _ => {
            let until = state.now + ARMED;
            state.armed = Some(Armed {
                call: row.id,
                until,
            });
        }
    }
}

fn key(state: &State, action: Action) -> Piece<'static> {
    let key = state.keymap.key(action).unwrap_or_default();
    crate::output::Safe::new(&key).into()
}
