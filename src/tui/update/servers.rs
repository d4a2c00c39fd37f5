//! Actions on the selected server.

use crate::model::{ListedTool, McpOperation, ServerCommand, ServerRow};
use crate::tui::action::ServerAction;
use crate::tui::dialogs::{Confirm, Layers, Question};
use crate::tui::state::refusal;
use crate::tui::state::{Screen, State, ToastLevel, UiCommand};

/// Carries an action out. A server that works on calls is not closed without a
/// question.
pub(super) fn act(
    state: &mut State,
    layers: &mut Layers,
    action: ServerAction,
    commands: &mut Vec<UiCommand>,
) {
    if let Some(reason) = refusal::of_server(state, action) {
        state.notify(ToastLevel::Info, reason);
        return;
    }
    let Some(row) = state.selected_server() else {
        return;
    };
    let is_busy = row.in_flight > 0;
    match action {
        ServerAction::ServerTools if row.sign_in.is_some() => {
            state.command_server(ServerCommand::SignIn, commands);
        }
        ServerAction::ServerTools => tools(state),
        ServerAction::ServerAccept => {
            let question = Question::UseChanged(row.held_back.revision);
            layers.push(Confirm::new(question));
        }
        ServerAction::ServerStop if is_busy => layers.push(Confirm::new(Question::StopServer)),
        ServerAction::ServerRestart if is_busy => {
            layers.push(Confirm::new(Question::RestartServer));
        }
        ServerAction::ServerStop => state.command_server(ServerCommand::Stop, commands),
        ServerAction::ServerRestart => state.command_server(ServerCommand::Restart, commands),
        ServerAction::ServerStart => state.command_server(ServerCommand::Start, commands),
    }
}

/// Shows the server's tools in the catalogue.
fn tools(state: &mut State) {
    let prefix = state
        .selected_server()
        .map(|ServerRow { name, tools, .. }| {
            let is_tool = |it: &ListedTool| it.operation == McpOperation::CallTool;
            // Operations stand behind a colon.
            if tools.iter().all(is_tool) {
                format!("{name}.")
            } else {
                name.to_string()
            }
        });
    state.show(Screen::Catalogue);
    let catalogue = std::sync::Arc::clone(&state.catalogue);
    state.tools.narrow(&catalogue, &prefix.unwrap_or_default());
}
