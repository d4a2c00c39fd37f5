//! Keys, and the actions that they are bound to in the present context.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use keybinds::KeyInput;

use super::{agents, app, calls, ending, experiments, leave, output, panes, servers, timeline};
use crate::tui::action::{Action, ActionGroup, ToolAction};
use crate::tui::dialogs::{AddCall, Layers};
use crate::tui::keymap::KeyMatch;
use crate::tui::state::refusal;
use crate::tui::state::{State, ToastLevel, UiCommand};

/// A key was pressed.
pub(super) fn pressed(
    state: &mut State,
    layers: &mut Layers,
    key: KeyEvent,
    commands: &mut Vec<UiCommand>,
) {
    // Ctrl-C cannot be bound to anything else.
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        leave::interrupted(state, layers, commands);
        return;
    }
    if layers.is_passing() {
        layers.pop();
        if key.code == KeyCode::Esc {
            return;
        }
    }
    let sequence = state.keys.with(KeyInput::from(key), state.now);
    let contexts = layers.contexts(state);
    match state.keymap.meaning(contexts, &sequence) {
        KeyMatch::Action(action) => act(state, layers, action, commands),
        KeyMatch::Prefix => state.keys.begin(sequence, state.now),
        KeyMatch::Nothing if sequence.len() > 1 => pressed(state, layers, key, commands),
        KeyMatch::Nothing => {
            let left = layers.typed(key, state, commands);
            act_on(left, state, layers, commands);
        }
    }
    state.settle();
}

/// Text was pasted.
pub(super) fn pasted(
    state: &mut State,
    layers: &mut Layers,
    text: &str,
    commands: &mut Vec<UiCommand>,
) {
    let left = layers.pasted(text, state, commands);
    act_on(left, state, layers, commands);
}

/// Carries an action out: by the topmost dialog, else on the screen.
pub(super) fn act(
    state: &mut State,
    layers: &mut Layers,
    action: Action,
    commands: &mut Vec<UiCommand>,
) {
    if !layers.is_empty() {
        let left = layers.act(action, state, commands);
        act_on(left, state, layers, commands);
    } else if let Some(reason) = refusal::of_more_calls(state, action) {
        state.notify(ToastLevel::Warn, reason);
    } else {
        on_screen(state, layers, action, commands);
    }
}

/// Carries out what a dialog left to be carried out below it.
pub(super) fn act_on(
    action: Option<Action>,
    state: &mut State,
    layers: &mut Layers,
    commands: &mut Vec<UiCommand>,
) {
    if let Some(action) = action {
        act(state, layers, action, commands);
    }
}

/// Carries an action out while no dialog is open.
fn on_screen(
    state: &mut State,
    layers: &mut Layers,
    action: Action,
    commands: &mut Vec<UiCommand>,
) {
    match action.group() {
        ActionGroup::App(action) => app::act(state, layers, action, commands),
        ActionGroup::Screen(action) => panes::show(state, action),
        ActionGroup::List(action) => panes::act(state, layers, action),
        ActionGroup::Call(action) => calls::act(state, layers, action, commands),
        ActionGroup::Output(action) => output::act(state, layers, action),
        ActionGroup::Timeline(action) => timeline::act(state, action),
        ActionGroup::Tool(ToolAction::UseTool) => {
            if let Some(dialog) = AddCall::for_selected_tool(state) {
                layers.push(dialog);
            }
        }
        ActionGroup::Ending(action) => ending::act(state, action, commands),
        ActionGroup::Experiments(action) => experiments::act(state, layers, action, commands),
        ActionGroup::Agent(action) => agents::act(state, layers, action, commands),
        ActionGroup::Server(action) => servers::act(state, layers, action, commands),
        // Heard in dialogs only.
        ActionGroup::Field(_)
        | ActionGroup::Question(_)
        | ActionGroup::Form(_)
        | ActionGroup::Confirm(_) => {}
    }
}
