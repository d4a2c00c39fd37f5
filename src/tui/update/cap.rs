//! The cap: one more, one less, or a number that is typed.

use super::UiCommand;
use crate::engine::Command;
use crate::model::Cap;
use crate::tui::action::Action;
use crate::tui::state::{CapOutlook, Field, Layer, Level, State};

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    // Several presses count, even before the engine has answered the first.
    let cap = state.wanted_cap.unwrap_or(state.run.policy.cap);
    match action {
        Action::CapUp => set(state, cap.raised(), commands),
        Action::CapDown => set(state, cap.lowered(), commands),
        _ => state
            .layers
            .push(Layer::CapPrompt(Box::new(Field::single_line()))),
    }
}

/// Keys of the field: takes the typed number, or leaves.
pub(super) fn in_prompt(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    let Some(Layer::CapPrompt(field)) = state.layers.pop() else {
        return;
    };
    if action != Action::Take {
        return;
    }
    match field.text().trim().parse().ok().and_then(Cap::new) {
        Some(cap) => set(state, cap, commands),
        None => state.say(Level::Warn, "the cap is a number from 1 to 1024"),
    }
}

fn set(state: &mut State, cap: Cap, commands: &mut Vec<UiCommand>) {
    state.cap_outlook = CapOutlook::new(&state.run, &state.catalogue, cap, state.now);
    state.wanted_cap = (cap != state.run.policy.cap).then_some(cap);
    // Held keys make one command.
    commands.retain(|it| !matches!(it, UiCommand::Engine(Command::SetCap(_))));
    commands.push(UiCommand::Engine(Command::SetCap(cap)));
}
