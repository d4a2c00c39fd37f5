//! Leaving the dashboard: `q`, Ctrl-C and their questions.

use crate::engine::Command;
use crate::tui::dialogs::{Confirm, Layers, Question};
use crate::tui::state::{Leave, Leaving, State, ToastLevel, UiCommand};

/// `q`: leaves, or asks if something runs or waits.
pub(super) fn asked(state: &mut State, layers: &mut Layers, commands: &mut Vec<UiCommand>) {
    state.thaw();
    if state.is_experimenting() {
        layers.clear();
        layers.push(Confirm::new(Question::LeaveExperiment));
        return;
    }
    let own = state.own_open();
    let question = match own.busy + own.waiting {
        _ if state.run.agents.held > 0 => {
            state.exit.stay();
            Question::QuitHolding
        }
        0 => return commands.push(UiCommand::Leave(Leave::Quit)),
        _ => Question::Quit,
    };
    layers.clear();
    layers.push(Confirm::new(question));
}

/// Ctrl-C: the first asks like `q`, a second within 2 s cancels all, a third
/// kills.
pub(super) fn interrupted(state: &mut State, layers: &mut Layers, commands: &mut Vec<UiCommand>) {
    match state.exit.interrupt(state.now) {
        1 => asked(state, layers, commands),
        2 => {
            layers.clear();
            leave_after(state, Leaving::Interrupted, Command::Shutdown, commands);
            state.notify(ToastLevel::Warn, "cancelling all; Ctrl-C once more kills");
        }
        _ => {
            leave_after(state, Leaving::Interrupted, Command::KillAll, commands);
            state.notify(ToastLevel::Warn, "killing all");
        }
    }
}

fn leave_after(
    state: &mut State,
    leaving: Leaving,
    command: Command,
    commands: &mut Vec<UiCommand>,
) {
    state.exit.leave_after(leaving);
    commands.push(UiCommand::Engine(command));
}

/// Leaves once nothing is held any more, if that is what is waited for. Calls
/// that no agent made are run to their end.
pub(super) fn released(state: &mut State, commands: &mut Vec<UiCommand>) {
    if state.exit.leaving() != Some(Leaving::Released) || state.run.agents.held > 0 {
        return;
    }
    let own = state.own_open();
    if own.busy + own.waiting == 0 {
        commands.push(UiCommand::Leave(Leave::Quit));
    } else {
        leave_after(state, Leaving::Drained, Command::Drain, commands);
    }
}

/// The engine has ended: the way out is free.
pub(super) fn engine_ended(state: &mut State, commands: &mut Vec<UiCommand>) {
    match state.exit.leaving() {
        Some(Leaving::Interrupted) => commands.push(UiCommand::Leave(Leave::Interrupted)),
        Some(Leaving::Released | Leaving::Drained | Leaving::Cancelled) => {
            commands.push(UiCommand::Leave(Leave::Quit));
        }
        None => state.notify(ToastLevel::Error, "the engine has ended; q leaves"),
    }
}
