//! Keys of the servers' screen.

use super::UiCommand;
use crate::engine::Command;
use crate::model::{ServerCommand, ServerRow};
use crate::output::Safe;
use crate::tui::action::Action;
use crate::tui::state::refusal::refusal;
use crate::tui::state::{Ask, Layer, Question, Screen, State, ToastLevel};
use crate::tui::text::Piece;

/// Orders something of the selected server. One that works on calls is not
/// closed without a question.
pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    if let Some(reason) = refusal(state, action) {
        state.say(ToastLevel::Info, reason);
        return;
    }
    let Some(row) = state.selected_server() else {
        return;
    };
    let is_busy = row.in_flight > 0;
    let (order, question) = match action {
        Action::ServerTools => return tools(state),
        Action::ServerAccept => {
            let question = Question::UseChanged(row.held_back.revision);
            return state.layers.push(Layer::Ask(Ask::new(question)));
        }
        Action::ServerStop => (ServerCommand::Stop, Question::StopServer),
        Action::ServerRestart => (ServerCommand::Restart, Question::RestartServer),
        _ => (ServerCommand::Start, Question::StopServer),
    };
    if is_busy && order != ServerCommand::Start {
        state.layers.push(Layer::Ask(Ask::new(question)));
    } else {
        give(state, order, commands);
    }
}

/// Gives the order.
pub(super) fn give(state: &mut State, order: ServerCommand, commands: &mut Vec<UiCommand>) {
    let Some(row) = state.selected_server() else {
        return;
    };
    let name = row.name.clone();
    let what = match order {
        ServerCommand::Start => "starting ",
        ServerCommand::Stop => "closing ",
        ServerCommand::Restart => "restarting ",
        ServerCommand::Accept(_) => "using as they are now the tools of ",
    };
    let said = Piece::from(what).then(Safe::new(name.as_str()));
    commands.push(UiCommand::Engine(Command::Server { name, order }));
    state.say(ToastLevel::Info, said);
}

/// Shows the server's tools in the catalogue.
fn tools(state: &mut State) {
    let prefix = state
        .selected_server()
        .map(|ServerRow { name, .. }| format!("{name}."));
    state.show(Screen::Catalogue);
    let catalogue = std::sync::Arc::clone(&state.catalogue);
    state.tools.narrow(&catalogue, &prefix.unwrap_or_default());
}
