//! Begins, stops and exports experiments, and shows their results.

use std::sync::Arc;

use crate::lab::compare::CompareRequest;
use crate::lab::{ExperimentCommand, ExperimentRequest};
use crate::tui::action::{Action, ExperimentsAction};
use crate::tui::dialogs::{Confirm, Layers, Question, Stage};
use crate::tui::state::refusal;
use crate::tui::state::{ExperimentKind, Screen, State, ToastLevel, UiCommand};

/// Carries an action out.
pub(super) fn act(
    state: &mut State,
    layers: &mut Layers,
    action: ExperimentsAction,
    commands: &mut Vec<UiCommand>,
) {
    match action {
        ExperimentsAction::Compare => ask(state, layers, ExperimentKind::Compare),
        ExperimentsAction::Sweep => {
            let plan = state.plan_to_try();
            let unfinished = plan.and_then(|plan| state.unfinished_sweep(&plan).map(drop));
            let kind = unfinished.map_or(ExperimentKind::Sweep, |()| ExperimentKind::GoOn);
            ask(state, layers, kind);
        }
        ExperimentsAction::LoadCall => match refusal::refusal(state, Action::LoadCall) {
            Some(reason) => state.notify(ToastLevel::Info, reason),
            None => {
                if let Some(call) = state.call_to_load() {
                    layers.push(Confirm::new(Question::Experiment(ExperimentKind::Load(
                        call,
                    ))));
                }
            }
        },
        ExperimentsAction::ShowStage => layers.push(Stage),
        ExperimentsAction::ResultEarlier => turn(state, -1),
        ExperimentsAction::ResultLater => turn(state, 1),
        ExperimentsAction::ExportResults => match state.experiments.shown() {
            Some(shown) => commands.push(UiCommand::Export(Arc::clone(shown))),
            None => state.notify(ToastLevel::Info, "there are no results yet"),
        },
        ExperimentsAction::StopExperiment if state.is_experimenting() => {
            commands.push(UiCommand::Experiment(ExperimentCommand::Stop));
            state.notify(ToastLevel::Info, "stopping; what is known stays");
        }
        ExperimentsAction::StopExperiment => {
            state.notify(ToastLevel::Info, "no experiment is under way");
        }
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
        state.notify(ToastLevel::Info, said);
    }
}

/// Asks before every call is run again.
fn ask(state: &mut State, layers: &mut Layers, kind: ExperimentKind) {
    match refusal::of_experiment(state) {
        Some(reason) => state.notify(ToastLevel::Info, reason),
        None => layers.push(Confirm::new(Question::Experiment(kind))),
    }
}

/// Begins a comparison or a load, where one was asked for at the start, as soon as
/// the plan is known.
pub(super) fn begin_asked(state: &mut State, layers: &mut Layers, commands: &mut Vec<UiCommand>) {
    if let Some(plan) = state.plan_to_try()
        && let Some(request) = state.load_at_start.take()
    {
        let begin = ExperimentCommand::Begin(plan, ExperimentRequest::Load(request));
        commands.push(UiCommand::Experiment(begin));
        state.show(Screen::Experiments);
    }
    let Some(blocks) = state.comparison_at_start else {
        return;
    };
    let Some(plan) = state.plan_to_try() else {
        return;
    };
    state.comparison_at_start = None;
    let request = match state.experiment_asked(ExperimentKind::Compare, &plan) {
        ExperimentRequest::Compare(request) => {
            ExperimentRequest::Compare(CompareRequest { blocks, ..request })
        }
        request => request,
    };
    let begin = ExperimentCommand::Begin(plan, request);
    commands.push(UiCommand::Experiment(begin));
    state.show(Screen::Experiments);
    layers.push(Stage);
}
