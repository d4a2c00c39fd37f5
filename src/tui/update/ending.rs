//! Actions on a run that has ended, and the look at the processes of one that
//! has not.

use super::panes;
use crate::engine::Command;
use crate::model::CallId;
use crate::tui::action::{Action, EndingAction, ScreenAction};
use crate::tui::state::{Pane, State, ToastLevel, UiCommand};
use crate::tui::text::figure;

/// Carries an action out.
pub(super) fn act(state: &mut State, action: EndingAction, commands: &mut Vec<UiCommand>) {
    match action {
        EndingAction::TakeChoice => take(state, commands),
        EndingAction::RunAgain => run_again(state, commands),
        EndingAction::WriteReport => commands.push(UiCommand::WriteReport),
    }
}

/// Does what is marked.
fn take(state: &mut State, commands: &mut Vec<UiCommand>) {
    match state.ending.choice() {
        Action::RunAgain => run_again(state, commands),
        Action::WriteReport => commands.push(UiCommand::WriteReport),
        Action::ScreenTimeline => panes::show(state, ScreenAction::ScreenTimeline),
        _ => panes::show(state, ScreenAction::ScreenExperiments),
    }
}

/// Runs the plan again, or without one the calls that were added.
fn run_again(state: &mut State, commands: &mut Vec<UiCommand>) {
    let is_plan = state.experiments.plan.as_ref();
    let is_plan = is_plan.is_some_and(|plan| !plan.calls.is_empty());
    if is_plan {
        commands.push(UiCommand::Engine(Command::RerunPlan));
        state.notify(ToastLevel::Info, "the plan runs again, as new calls");
        return;
    }
    let calls: Vec<CallId> = state.run.round_rows().map(|row| row.id).collect();
    let text = figure::plural(calls.len(), "call").then(" queued again");
    state.notify(ToastLevel::Info, text);
    commands.push(UiCommand::Engine(Command::Rerun(calls)));
}

/// Asks for a look at the processes of the selected call while all about it is
/// shown and it runs, and for none otherwise.
pub(super) fn ask_for_inspection(state: &mut State, commands: &mut Vec<UiCommand>) {
    let is_shown = !state.layout().pane(Pane::Detail).is_empty();
    let running = state.selected().filter(|row| row.state.lane().is_some());
    let wanted = running.filter(|_| is_shown).map(|row| row.id);
    if state.inspected != wanted {
        state.inspected = wanted;
        commands.push(UiCommand::Engine(Command::Inspect(wanted)));
    }
}
