//! The way out: `q`, Ctrl-C and the questions they ask.

use std::time::Duration;

use super::{Leave, UiCommand, add_call, experiments, servers};
use crate::engine::Command;
use crate::model::ServerCommand;
use crate::tui::action::Action;
use crate::tui::state::{Ask, ExperimentKind, Layer, Leaving, Question, State, ToastLevel};

/// Presses of Ctrl-C within this time belong together.
const TOGETHER: Duration = Duration::from_secs(2);

/// `q`: leaves, or asks if something runs or waits.
pub(super) fn asked(state: &mut State, commands: &mut Vec<UiCommand>) {
    if state.is_experimenting() {
        state.layers.clear();
        let ask = Ask::new(Question::LeaveExperiment);
        state.layers.push(Layer::Ask(ask));
    } else if state.run.counts.open() == 0 {
        commands.push(UiCommand::Leave(Leave::Quit));
    } else {
        state.layers.clear();
        state.layers.push(Layer::Ask(Ask::new(Question::Quit)));
    }
}

/// Ctrl-C: the first asks like `q`, a second within 2 s cancels all, a third
/// kills.
pub(super) fn interrupted(state: &mut State, commands: &mut Vec<UiCommand>) {
    let now = state.now;
    let last = state.interrupts.last().copied();
    if last.is_none_or(|last| now > last + TOGETHER) {
        state.interrupts.clear();
    }
    state.interrupts.push(now);
    match state.interrupts.len() {
        1 => asked(state, commands),
        2 => {
            state.layers.clear();
            leave_after(state, Leaving::Interrupted, Command::Shutdown, commands);
            state.say(ToastLevel::Warn, "cancelling all; Ctrl-C once more kills");
        }
        _ => {
            // Three are enough: more presses change nothing, and none is kept.
            state.interrupts.truncate(3);
            leave_after(state, Leaving::Interrupted, Command::KillAll, commands);
            state.say(ToastLevel::Warn, "killing all");
        }
    }
}

/// An answer to the question on top.
pub(super) fn answer(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    let Some(Layer::Ask(ask)) = state.layers.last_mut() else {
        return;
    };
    let last = ask.question.answers().len() - 1;
    let chosen = match action {
        Action::ChoiceNext => return ask.turn(1),
        Action::ChoicePrevious => return ask.turn(-1),
        Action::Accept => ask.marked,
        Action::Yes => last,
        _ => 0,
    };
    let question = ask.question;
    state.layers.pop();
    match (question, chosen) {
        (_, 0) => {}
        (Question::Quit, 1) => {
            leave_after(state, Leaving::Drained, Command::Drain, commands);
            state.say(
                ToastLevel::Info,
                "leaves when the running calls have finished",
            );
        }
        (Question::Quit, _) => {
            leave_after(state, Leaving::Cancelled, Command::Shutdown, commands);
            state.say(
                ToastLevel::Info,
                "cancelling all; leaves when their trees are gone",
            );
        }
        (Question::CancelAll, _) => commands.push(UiCommand::Engine(Command::CancelAll)),
        (Question::Experiment(ExperimentKind::GoOn), 1) => {
            experiments::begin(state, ExperimentKind::Sweep, commands)
        }
        (Question::Experiment(kind), _) => experiments::begin(state, kind, commands),
        (Question::LeaveExperiment, _) => commands.push(UiCommand::Leave(Leave::Quit)),
        (Question::StopServer, _) => servers::give(state, ServerCommand::Stop, commands),
        (Question::RestartServer, _) => servers::give(state, ServerCommand::Restart, commands),
        (Question::UseChanged(revision), _) => {
            servers::give(state, ServerCommand::Accept(revision), commands);
        }
        (Question::DropForm, _) => drop(state.layers.pop()),
        (Question::FillForm, chosen) => add_call::take_offer(state, chosen == 1),
        (Question::KeepCopy, _) => {
            commands.extend(state.output.too_large.take().map(UiCommand::Keep));
        }
        (Question::CancelMarked | Question::KillMarked, _) => {
            let ids = std::mem::take(&mut state.marked).into_iter().collect();
            commands.push(UiCommand::Engine(match question {
                Question::KillMarked => Command::Kill(ids),
                _ => Command::Cancel(ids),
            }));
        }
    }
}

fn leave_after(
    state: &mut State,
    leaving: Leaving,
    command: Command,
    commands: &mut Vec<UiCommand>,
) {
    state.leaving = Some(leaving);
    commands.push(UiCommand::Engine(command));
}

/// The engine has ended: the way out is free.
pub(super) fn engine_ended(state: &mut State, commands: &mut Vec<UiCommand>) {
    match state.leaving {
        Some(Leaving::Interrupted) => commands.push(UiCommand::Leave(Leave::Interrupted)),
        Some(Leaving::Drained | Leaving::Cancelled) => {
            commands.push(UiCommand::Leave(Leave::Quit));
        }
        None => state.say(ToastLevel::Error, "the engine has ended; q leaves"),
    }
}
