//! Reasons that an action cannot be carried out now; the palette shows them.

use crate::model::{
    CallRow, CallState, ProxiedCall, ProxiedServer, ProxiedServerState, ProxiedStage, ProxyControl,
    RunPhase, ServerState, SignInStatus,
};
use crate::tui::action::{
    Action, ActionGroup, AgentAction, AppAction, CallAction, Context, ExperimentsAction,
    ServerAction, TimelineAction, ToolAction,
};
use crate::tui::state::{Screen, State};

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
        ActionGroup::App(AppAction::AnswerQuestion) if !state.is_asked() => {
            Some("no server asks anything")
        }
        ActionGroup::App(AppAction::Govern) => of_govern(state),
        ActionGroup::Agent(action) => of_agent(state, action),
        ActionGroup::Timeline(TimelineAction::EarlierRun) => of_earlier_run(state),
        ActionGroup::Tool(ToolAction::UseTool) => match state.selected_tool() {
            None => Some("no tool is selected"),
            Some(_) => state.why_no_call(),
        },
        ActionGroup::Experiments(action) => of_experiments(state, action),
        ActionGroup::Ending(_) if !state.is_over() => Some("calls are under way"),
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
        ExperimentsAction::LoadCall => of_load(state),
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

/// Returns why nothing can be put under load now.
fn of_load(state: &State) -> Option<&'static str> {
    let call = state.call_to_load().and_then(|call| state.run.row(call));
    match call {
        None if state.screen == Screen::Catalogue => {
            Some("call it once first: a load repeats its last call")
        }
        None => Some("no call is selected"),
        Some(row) if row.proxied.is_some() => Some("an agent made the call"),
        Some(row) if !row.state.is_ended() => Some("the call has not ended"),
        Some(_) => of_experiment(state),
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
        Context::Agent => Some("on the Agents screen"),
        Context::Timeline => Some("on the Timeline screen"),
        Context::Ending => Some("in the summary of a run that has ended"),
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
        (ServerAction::ServerTools, _) if matches!(row.sign_in, Some(SignInStatus::Open(_))) => {
            Some("the page to sign in on is open in the browser")
        }
        (ServerAction::ServerTools, _) if row.sign_in.is_some() => None,
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
        CallAction::Sort | CallAction::SortReverse | CallAction::Scope | CallAction::Columns
    );
    if is_of_list || !state.marked.is_empty() {
        return None;
    }
    let Some(row) = state.selected() else {
        return Some("no call is selected");
    };
    if let Some(call) = &row.proxied
        && let Some(reason) = of_agents_call(state, row, call, action)
    {
        return Some(reason);
    }
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
        CallAction::EditRerun
            if row.proxied.is_none() && state.catalogue.get(&row.tool).is_none() =>
        {
            Some("its tool is not in the catalogue")
        }
        _ => None,
    }
}

/// Returns why agents' calls can be neither governed nor let pass.
pub(in crate::tui) fn of_govern(state: &State) -> Option<&'static str> {
    let attached = state.run.agents.servers.iter();
    let reasons = attached.filter(|it| it.is_attached());
    let reasons: Vec<_> = reasons.map(|it| of_control(it)).collect();
    match reasons.first() {
        None => Some(NO_AGENT),
        Some(first) if reasons.iter().all(Option::is_some) => *first,
        Some(_) => None,
    }
}

const NO_AGENT: &str = "no agent is here: `fanout wrap` puts fanout in front of its servers";
const NOT_AN_AGENTS: &str = "no agent made this call";

/// Why the calls of a server can only be looked at.
fn of_control(server: &ProxiedServer) -> Option<&'static str> {
    match server.control {
        ProxyControl::Free | ProxyControl::Ours => None,
        ProxyControl::Others { .. } => {
            Some("another dashboard controls it: the Agents screen takes control")
        }
        ProxyControl::WatchOnly { .. } => Some("its proxy lets nobody change anything"),
    }
}

/// Returns why nothing of this can be done about agents now.
pub(in crate::tui) fn of_agent(state: &State, action: AgentAction) -> Option<&'static str> {
    let selected = state.selected_proxied();
    match action {
        AgentAction::Hold => match selected {
            None => Some(NOT_AN_AGENTS),
            Some((row, call)) => of_open(state, row, call),
        },
        AgentAction::Answer => match selected {
            None => Some(NOT_AN_AGENTS),
            Some((row, call)) => of_open(state, row, call).or(match call.stage {
                ProxiedStage::Sent => Some("its server has it: hold its answer"),
                ProxiedStage::AnswerHeld(_) => Some("its server has answered: change the answer"),
                _ => None,
            }),
        },
        AgentAction::ReleaseAll => (state.run.agents.held == 0).then_some("nothing is held"),
        AgentAction::Intercept | AgentAction::InterceptSwitch => None,
        AgentAction::AgentCalls => state.agents.selected.is_none().then_some(NO_AGENT),
        AgentAction::TakeControl => {
            let is_others = |it: &ProxyControl| matches!(it, ProxyControl::Others { .. });
            let mut servers = state.run.agents.servers.iter();
            let is_any = servers.any(|it| it.is_attached() && is_others(&it.control));
            (!is_any).then_some("no other dashboard controls an agent")
        }
        AgentAction::KillServer => match state.selected_proxied_server() {
            None => Some("no server is selected"),
            Some(it) if it.state != ProxiedServerState::Running => Some("the server has ended"),
            Some(it) => of_control(it),
        },
    }
}

/// Why nothing can be done any more about an agent's call.
fn of_open(state: &State, row: &CallRow, call: &ProxiedCall) -> Option<&'static str> {
    if row.state.is_ended() || call.stage == ProxiedStage::Ended {
        return Some("the call has ended");
    }
    if matches!(call.stage, ProxiedStage::Stopping { .. }) {
        return Some("its server was told to stop");
    }
    state
        .proxied_server(call)
        .map_or(Some("its proxy is gone"), |it| of_control(it))
}

/// Why something that concerns calls cannot be done about one of an agent.
fn of_agents_call(
    state: &State,
    row: &CallRow,
    call: &ProxiedCall,
    action: CallAction,
) -> Option<&'static str> {
    match action {
        CallAction::Rerun => Some("an agent made the call: only it can ask again"),
        CallAction::EditRerun => of_open(state, row, call).or(match &call.stage {
            ProxiedStage::Sent => Some("its server has it already: hold its answer"),
            ProxiedStage::AnswerHeld(answer) if answer.result.is_none() => {
                Some("its answer is too long to be changed here")
            }
            ProxiedStage::Waiting if !call.is_held() => Some("hold it first"),
            _ => None,
        }),
        CallAction::Cancel | CallAction::Kill if !row.state.is_ended() => of_open(state, row, call),
        _ => None,
    }
}
