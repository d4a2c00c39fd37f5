//! Actions on calls that agents make, and on their servers.

use crate::engine::{AgentCommand, Command};
use crate::model::{AgentMode, CallId, Intercept};
use crate::tui::action::AgentAction;
use crate::tui::dialogs::{Confirm, HeldCall, InterceptPrompt, Layers, Question};
use crate::tui::state::refusal;
use crate::tui::state::{Pane, Selection, State, ToastLevel, UiCommand};
use crate::tui::text::figure;

/// Carries an action out.
pub(super) fn act(
    state: &mut State,
    layers: &mut Layers,
    action: AgentAction,
    commands: &mut Vec<UiCommand>,
) {
    if let Some(reason) = refusal::of_agent(state, action) {
        state.notify(ToastLevel::Info, reason);
        return;
    }
    match action {
        AgentAction::Hold => hold(state, commands),
        AgentAction::ReleaseAll => {
            let held = figure::plural(state.run.agents.held, "call");
            state.notify(ToastLevel::Info, held.then(" let go"));
            ask(commands, AgentCommand::ReleaseAll);
        }
        AgentAction::Answer => {
            chosen(state);
            if let Some(dialog) = HeldCall::answer(state) {
                layers.push(dialog);
            }
        }
        AgentAction::InterceptSwitch if state.run.agents.intercept.pattern.is_some() => {
            let Intercept { pattern, is_on } = state.run.agents.intercept.clone();
            let is_on = !is_on;
            let told = if is_on {
                "calls of the pattern are held as they come"
            } else {
                "no call is held as it comes"
            };
            state.notify(ToastLevel::Info, told);
            ask(
                commands,
                AgentCommand::SetIntercept(Intercept { pattern, is_on }),
            );
        }
        AgentAction::Intercept | AgentAction::InterceptSwitch => {
            layers.push(InterceptPrompt::new(state));
        }
        AgentAction::AgentCalls => state.focus_on(Pane::AgentCalls),
        AgentAction::TakeControl => layers.push(Confirm::new(Question::TakeControl)),
        AgentAction::KillServer => {
            if let Some(server) = state.selected_proxied_server() {
                layers.push(Confirm::new(Question::KillProxied {
                    proxy: server.proxy,
                    call: None,
                }));
            }
        }
    }
}

/// Governs agents, or lets everything pass.
pub(super) fn govern(state: &mut State, commands: &mut Vec<UiCommand>) {
    if let Some(reason) = refusal::of_govern(state) {
        state.notify(ToastLevel::Info, reason);
        return;
    }
    let mode = match state.run.agents.mode {
        AgentMode::Watch => AgentMode::Govern,
        AgentMode::Govern => AgentMode::Watch,
    };
    ask(commands, AgentCommand::SetMode(mode));
}

/// Changes the arguments of the selected call, which is held, or its answer.
pub(super) fn edit(state: &mut State, layers: &mut Layers) {
    chosen(state);
    if let Some(dialog) = HeldCall::edit(state) {
        layers.push(dialog);
    }
}

/// Asks for the control of proxies that are shown and that nobody controls.
pub(super) fn ask_for_control(state: &mut State, commands: &mut Vec<UiCommand>) {
    if state.wants_control() {
        ask(commands, AgentCommand::RequestControl);
    }
}

/// Holds the selected call, or lets it go.
fn hold(state: &mut State, commands: &mut Vec<UiCommand>) {
    let Some(call) = chosen(state) else {
        return;
    };
    let Some((_, proxied)) = state.selected_proxied() else {
        return;
    };
    if proxied.is_held() || proxied.holds_answer {
        ask(commands, AgentCommand::Release(vec![call]));
    } else {
        ask(commands, AgentCommand::Hold(vec![call]));
    }
}

/// Returns the selected call, which stays selected from now on.
fn chosen(state: &mut State) -> Option<CallId> {
    let call = state.selection.call()?;
    state.selection = Selection::Chosen(call);
    Some(call)
}

fn ask(commands: &mut Vec<UiCommand>, command: AgentCommand) {
    commands.push(UiCommand::Engine(Command::Agents(command)));
}
