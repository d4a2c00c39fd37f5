//! Why something cannot be done now. The palette lists it all the same, with
//! the reason.

use crate::model::{CallState, RunPhase, ServerState};
use crate::tui::action::{Action, Context, entry};
use crate::tui::state::State;

/// Why an action cannot be done now; `None` where it can.
pub fn refusal(state: &State, action: Action) -> Option<&'static str> {
    let first = elsewhere(state, action).or_else(|| of_more_calls(state, action));
    first.or_else(|| match action {
        Action::CancelAll if state.run.counts.open() == 0 => Some("every call has ended"),
        Action::Pause if state.run.phase == RunPhase::ShuttingDown => Some("the run is ending"),
        Action::Theme if state.themes.names.is_empty() => Some("no colours here"),
        Action::EarlierRun if state.timeline.before.is_empty() => {
            Some("no earlier run of this plan is kept")
        }
        Action::UseTool if state.selected_tool().is_none() => Some("no tool is selected"),
        Action::Compare | Action::Sweep => of_experiment(state),
        Action::ExportResults if state.experiments.all.is_empty() => {
            Some("there are no results yet")
        }
        Action::ResultEarlier | Action::ResultLater if state.experiments.place().is_none() => {
            Some("there are no other results")
        }
        Action::StopExperiment if !state.is_experimenting() => Some("no experiment is under way"),
        Action::UseTool => state.why_no_call(),
        _ => of_server(state, action).or_else(|| of_call(state, action)),
    })
}

/// Where its keys are heard, if that is not here.
fn elsewhere(state: &State, action: Action) -> Option<&'static str> {
    let contexts = entry(action).contexts;
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

fn of_server(state: &State, action: Action) -> Option<&'static str> {
    let needs_server = matches!(
        action,
        Action::ServerStart
            | Action::ServerStop
            | Action::ServerRestart
            | Action::ServerTools
            | Action::ServerAccept
    );
    if !needs_server {
        return None;
    }
    let Some(row) = state.selected_server() else {
        return Some("no server is configured");
    };
    match (action, &row.state) {
        (Action::ServerStart, ServerState::Ready) => Some("the server runs"),
        (Action::ServerStart, ServerState::Starting) => Some("the server is being started"),
        (Action::ServerStop, ServerState::Stopped) => Some("the server does not run"),
        (Action::ServerTools, _) if row.tools.is_empty() => {
            Some("the server has not told of its tools")
        }
        (Action::ServerAccept, _) if row.held_back.tools.is_empty() => {
            Some("no tool of the server is held back")
        }
        (Action::ServerTools | Action::ServerAccept, _) => None,
        (_, ServerState::Stopping) => Some("the server is being closed"),
        _ => None,
    }
}

fn of_call(state: &State, action: Action) -> Option<&'static str> {
    let needs_call = matches!(
        action,
        Action::Cancel
            | Action::Kill
            | Action::Rerun
            | Action::EditRerun
            | Action::MoveDown
            | Action::MoveUp
            | Action::RunNext
            | Action::Mark
            | Action::Open
            | Action::Detail
            | Action::Copy
            | Action::CopyAs
            | Action::Edit
            | Action::Page
    );
    if !needs_call || !state.marked.is_empty() {
        return None;
    }
    let Some(row) = state.selected() else {
        return Some("no call is selected");
    };
    let is_waiting = matches!(row.state, CallState::Queued | CallState::Retrying { .. });
    match action {
        Action::Cancel | Action::Kill if row.state.is_ended() => Some("the call has ended"),
        Action::Cancel if matches!(row.state, CallState::Stopping { .. }) => {
            Some("the call is being stopped")
        }
        Action::Rerun if !row.state.is_ended() => Some("the call has not ended"),
        Action::MoveDown | Action::MoveUp | Action::RunNext if !is_waiting => {
            Some("the call does not wait")
        }
        Action::EditRerun if state.catalogue.get(&row.tool).is_none() => {
            Some("its tool is not in the catalogue")
        }
        _ => None,
    }
}
