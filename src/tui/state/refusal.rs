//! Reasons that an action cannot be carried out now; the palette shows them.

use crate::model::{CallState, RunPhase, ServerState};
use crate::tui::action::{
    Action, ActionGroup, AppAction, CallAction, Context, ExperimentsAction, ServerAction,
    TimelineAction, ToolAction,
};
use crate::tui::state::State;

/// Returns why an action cannot be done now; `None` where it can.
pub fn refusal(state: &State, action: Action) -> Option<&'static str> {
    let first = elsewhere(state, action).or_else(|| of_more_calls(state, action));
    first.or_else(|| match action.group() {
        ActionGroup::App(AppAction::CancelAll) if state.run.counts.open() == 0 => {
            Some("every call has ended")
        }
        ActionGroup::App(AppAction::Pause) if state.run.phase == RunPhase::ShuttingDown => {
            Some("the run is ending")
        }
        ActionGroup::App(AppAction::Theme) if state.themes.names.is_empty() => {
            Some("no colours here")
        }
        ActionGroup::Timeline(TimelineAction::EarlierRun) => of_earlier_run(state),
        ActionGroup::Tool(ToolAction::UseTool) => match state.selected_tool() {
            None => Some("no tool is selected"),
            Some(_) => state.why_no_call(),
        },
        ActionGroup::Experiments(action) => of_experiments(state, action),
        ActionGroup::Server(action) => of_server(state, action),
        ActionGroup::Call(action) => of_call(state, action),
        _ => None,
    })
}

/// Returns why no earlier run can be shown.
pub(in crate::tui) fn of_earlier_run(state: &State) -> Option<&'static str> {
    let is_none = state.timeline.before.is_empty();
    is_none.then_some("no earlier run of this plan is kept")
}

fn of_experiments(state: &State, action: ExperimentsAction) -> Option<&'static str> {
    match action {
        ExperimentsAction::Compare | ExperimentsAction::Sweep => of_experiment(state),
        ExperimentsAction::ExportResults if state.experiments.all.is_empty() => {
            Some("there are no results yet")
        }
        ExperimentsAction::ResultEarlier | ExperimentsAction::ResultLater
            if state.experiments.place().is_none() =>
        {
            Some("there are no other results")
        }
        ExperimentsAction::StopExperiment if !state.is_experimenting() => {
            Some("no experiment is under way")
        }
        _ => None,
    }
}

/// Where its keys are heard, if that is not here.
fn elsewhere(state: &State, action: Action) -> Option<&'static str> {
    let contexts = action.row().contexts;
    let here = state.ground_contexts();
    if contexts.iter().any(|context| here.contains(context)) {
        return None;
    }
    contexts.iter().find_map(|context| match context {
        Context::Call => Some("where calls are listed"),
        Context::Output => Some("in the output pane"),
        Context::Tool => Some("on the Catalogue screen"),
        Context::Experiments => Some("on the Experiments screen"),
        Context::Server => Some("on the Servers screen"),
        Context::Timeline => Some("on the Timeline screen"),
        _ => None,
    })
}

/// Why an action that adds calls cannot be done now: beside an experiment they
/// would be measured with it.
pub(in crate::tui) fn of_more_calls(state: &State, action: Action) -> Option<&'static str> {
    let adds = matches!(
        action,
        Action::Add | Action::UseTool | Action::Rerun | Action::EditRerun
    );
    (adds && state.is_experimenting())
        .then_some("no calls are added while an experiment measures its plan")
}

/// Why no experiment can begin now.
pub(in crate::tui) fn of_experiment(state: &State) -> Option<&'static str> {
    if state.experiments.plan.is_none() {
        Some("nothing can be run here")
    } else if state.is_experimenting() {
        Some("an experiment is under way")
    } else if state.run.counts.open() > 0 {
        Some("a run is under way")
    } else if state.plan_to_try().is_none() {
        Some("there are no calls to run")
    } else {
        None
    }
}

/// Returns why nothing of this can be done with the selected server now.
pub(in crate::tui) fn of_server(state: &State, action: ServerAction) -> Option<&'static str> {
    let Some(row) = state.selected_server() else {
        return Some("no server is configured");
    };
    match (action, &row.state) {
        (ServerAction::ServerStart, ServerState::Ready) => Some("the server runs"),
        (ServerAction::ServerStart, ServerState::Starting) => Some("the server is being started"),
        (ServerAction::ServerStop, ServerState::Stopped) => Some("the server does not run"),
        (ServerAction::ServerTools, _) if row.tools.is_empty() => {
            Some("the server has not listed its tools")
        }
        (ServerAction::ServerAccept, _) if row.held_back.tools.is_empty() => {
            Some("no tool of the server is held back")
        }
        (ServerAction::ServerTools | ServerAction::ServerAccept, _) => None,
        (_, ServerState::Stopping) => Some("the server is being closed"),
        _ => None,
    }
}

fn of_call(state: &State, action: CallAction) -> Option<&'static str> {
    let is_of_list = matches!(
        action,
        CallAction::Sort | CallAction::SortReverse | CallAction::Scope
    );
    if is_of_list || !state.marked.is_empty() {
        return None;
    }
    let Some(row) = state.selected() else {
        return Some("no call is selected");
    };
    let is_waiting = matches!(row.state, CallState::Queued | CallState::Retrying { .. });
    match action {
        CallAction::Cancel | CallAction::Kill if row.state.is_ended() => Some("the call has ended"),
        CallAction::Cancel if matches!(row.state, CallState::Stopping { .. }) => {
            Some("the call is being stopped")
        }
        CallAction::Rerun if !row.state.is_ended() => Some("the call has not ended"),
        CallAction::MoveDown | CallAction::MoveUp | CallAction::RunNext if !is_waiting => {
            Some("the call does not wait")
        }
        CallAction::EditRerun if state.catalogue.get(&row.tool).is_none() => {
            Some("its tool is not in the catalogue")
        }
        _ => None,
    }
}
