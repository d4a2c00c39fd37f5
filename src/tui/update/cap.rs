//! The cap: one more, one less, a number that is typed, or left to the scheduler.

use super::UiCommand;
use crate::engine::Command;
use crate::model::{Cap, CapControl, CapSetting};
use crate::tui::action::Action;
use crate::tui::state::{CapForecast, Layer, State, ToastLevel};
use crate::tui::text::field::TextField;

/// Whether an action is about the cap.
pub(super) fn is_meant(action: Action) -> bool {
    matches!(
        action,
        Action::CapUp | Action::CapDown | Action::CapSet | Action::CapAuto
    )
}

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    // Several presses count, even before the engine has answered the first.
    let cap = state.wanted_cap.unwrap_or(state.run.cap());
    match action {
        Action::CapUp => set(state, cap.raised(), commands),
        Action::CapDown => set(state, cap.lowered(), commands),
        Action::CapAuto if state.run.auto.is_some() => set(state, cap, commands),
        Action::CapAuto => leave_it(state, Cap::AUTO_CEILING, commands),
        _ => state
            .layers
            .push(Layer::CapPrompt(Box::new(TextField::single_line()))),
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
    let text = field.text();
    match text.trim().parse() {
        Ok(CapSetting { cap, control }) => match control {
            CapControl::Auto => leave_it(state, cap, commands),
            CapControl::Pinned => set(state, cap, commands),
        },
        Err(_) => state.say(
            ToastLevel::Warn,
            "the cap is a number from 1 to 1024, auto or auto:16",
        ),
    }
}

/// Leaves the cap to the scheduler, up to so many lanes.
fn leave_it(state: &mut State, ceiling: Cap, commands: &mut Vec<UiCommand>) {
    (state.wanted_cap, state.cap_forecast) = (None, None);
    commands.retain(|it| !is_about_cap(it));
    commands.push(UiCommand::Engine(Command::SetAuto(ceiling)));
}

fn is_about_cap(command: &UiCommand) -> bool {
    matches!(
        command,
        UiCommand::Engine(Command::SetCap(_) | Command::SetAuto(_))
    )
}

fn set(state: &mut State, cap: Cap, commands: &mut Vec<UiCommand>) {
    state.cap_forecast = CapForecast::new(&state.run, &state.catalogue, cap, state.now);
    let is_new = cap != state.run.policy.cap || state.run.auto.is_some();
    state.wanted_cap = is_new.then_some(cap);
    // Held keys make one command.
    commands.retain(|it| !is_about_cap(it));
    commands.push(UiCommand::Engine(Command::SetCap(cap)));
}
