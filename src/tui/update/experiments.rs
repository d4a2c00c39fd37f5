//! Beginning and stopping experiments.

use std::sync::Arc;

use super::UiCommand;
use crate::lab::ExperimentCommand;
use crate::tui::action::Action;
use crate::tui::state::refusal;
use crate::tui::state::{Ask, ExperimentKind, Layer, Question, State, ToastLevel};

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    match action {
        Action::Compare => ask(state, ExperimentKind::Compare),
        Action::Sweep => {
            let plan = state.plan_to_try();
            let unfinished = plan.and_then(|plan| state.unfinished_sweep(&plan).map(drop));
            let kind = unfinished.map_or(ExperimentKind::Sweep, |()| ExperimentKind::GoOn);
            ask(state, kind);
        }
        Action::ResultEarlier => turn(state, -1),
        Action::ResultLater => turn(state, 1),
        Action::ExportResults => match state.experiments.shown() {
            Some(shown) => commands.push(UiCommand::Export(Arc::clone(shown))),
            None => state.say(ToastLevel::Info, "there are no results yet"),
        },
        _ if state.is_experimenting() => {
            commands.push(UiCommand::ExperimentHandle(ExperimentCommand::Stop));
            state.say(ToastLevel::Info, "stopping; what is known stays");
        }
        _ => state.say(ToastLevel::Info, "no experiment is under way"),
    }
}

/// Shows another result.
fn turn(state: &mut State, by: isize) {
    if !state.experiments.turn(by) {
        let said = if by < 0 {
            "there is no result before this one"
        } else {
            "there is no result after this one"
        };
        state.say(ToastLevel::Info, said);
    }
}

/// Asks before every call is run again.
fn ask(state: &mut State, kind: ExperimentKind) {
    if let Some(reason) = refusal::of_experiment(state) {
        state.say(ToastLevel::Info, reason);
    } else {
        let ask = Ask::new(Question::Experiment(kind));
        state.layers.push(Layer::Ask(ask));
    }
}

/// Begins, unless something has begun since it was asked.
pub(super) fn begin(state: &mut State, kind: ExperimentKind, commands: &mut Vec<UiCommand>) {
    if let Some(reason) = refusal::of_experiment(state) {
        state.say(ToastLevel::Info, reason);
    } else if let Some(plan) = state.plan_to_try() {
        let asked = state.experiment_asked(kind, &plan);
        commands.push(UiCommand::ExperimentHandle(ExperimentCommand::Begin(
            plan, asked,
        )));
    }
}
