//! Navigation: rows, pages, panes, screens, and the way back.

use super::{output, timeline};
use crate::tui::action::{ListAction, ScreenAction};
use crate::tui::dialogs::{FilterPrompt, Layers, SearchPrompt};
use crate::tui::state::{AgentItem, Pane, Screen, Selection, State};
use crate::tui::timeline::RowMode;

/// Rows that are further than any list.
const FAR: isize = isize::MAX / 2;

/// Carries out an action of lists and of anything that scrolls.
pub(super) fn act(state: &mut State, layers: &mut Layers, action: ListAction) {
    let page = state.layout().rows(state, state.focus).max(2) - 1;
    let page = isize::try_from(page).unwrap_or(FAR);
    match action {
        ListAction::Down => move_by(state, 1),
        ListAction::Up => move_by(state, -1),
        ListAction::PageDown => move_by(state, page),
        ListAction::PageUp => move_by(state, -page),
        ListAction::Top => move_by(state, -FAR),
        ListAction::Bottom => move_by(state, FAR),
        ListAction::Filter if state.reads_messages() => layers.push(SearchPrompt::new(state)),
        ListAction::Filter => layers.push(FilterPrompt::new(state)),
    }
}

/// Shows a screen.
pub(super) fn show(state: &mut State, action: ScreenAction) {
    state.show(match action {
        ScreenAction::ScreenLanes => Screen::Lanes,
        ScreenAction::ScreenQueue => Screen::Queue,
        ScreenAction::ScreenCatalogue => Screen::Catalogue,
        ScreenAction::ScreenTimeline => Screen::Timeline,
        ScreenAction::ScreenExperiments => Screen::Experiments,
        ScreenAction::ScreenServers => Screen::Servers,
        ScreenAction::ScreenAgents => Screen::Agents,
    });
}

/// Moves what is selected in the pane with the keys by some rows.
pub(super) fn move_by(state: &mut State, by: isize) {
    match state.focus {
        Pane::Lanes if state.is_over() && by.abs() == 1 => state.ending.step(by),
        Pane::Lanes if state.is_over() => state.ending.scroll.scroll(by),
        Pane::Tools => state.tools.step(by),
        Pane::Servers => state.step_server(by),
        Pane::Agents => state.step_agent_item(by),
        Pane::Timeline if state.timeline.rows == RowMode::Lanes => timeline::lane(state, by),
        pane if Pane::LISTS.contains(&pane) => state.step(by),
        pane => scroll(state, pane, by),
    }
}

/// Moves what a pane shows by some rows; what is selected stays.
pub(super) fn scroll(state: &mut State, pane: Pane, by: isize) {
    match pane {
        Pane::Lanes if state.is_over() => state.ending.scroll.scroll(by),
        Pane::Output => output::scroll(state, by),
        Pane::Detail => state.detail.scroll(by),
        Pane::Tool => state.tools.scroll.scroll(by),
        Pane::Experiment => state.experiments.scroll.scroll(by),
        Pane::Server => state.servers.below.scroll(by.saturating_neg()),
        Pane::Wire => state.agents.wire.scroll(by.saturating_neg()),
        Pane::Agents => {
            let count = AgentItem::all(&state.run.agents).len();
            let visible = state.layout().rows(state, pane);
            state.agents.list.scroll(by, count, visible);
        }
        Pane::Messages => state.servers.messages.scroll(by),
        Pane::Servers => {
            let (count, visible) = (state.run.servers.len(), state.layout().rows(state, pane));
            state.servers.list.scroll(by, count, visible);
        }
        Pane::Tools => {
            let visible = state.layout().rows(state, pane);
            state
                .tools
                .list
                .scroll(by, state.tools.found.len(), visible);
        }
        Pane::Timeline if state.timeline.rows == RowMode::Lanes => timeline::lane(state, by),
        _ => state.scroll_list(pane, by),
    }
}

/// Gives the keys to another pane, around the ends.
pub(super) fn turn(state: &mut State, by: isize) {
    let layout = state.layout();
    let panes = state.screen.panes().iter().copied();
    // The list of the calls in its place has those that ended, too.
    let panes = panes.filter(|pane| *pane != Pane::Finished || !layout.is_stacked);
    let panes: Vec<Pane> = panes.collect();
    let now = panes
        .iter()
        .position(|pane| *pane == state.focus)
        .unwrap_or(0);
    let next = (now + panes.len()).saturating_add_signed(by) % panes.len();
    state.focus_on(panes[next]);
}

/// Reads the selected call's output.
pub(super) fn open(state: &mut State) {
    if state.focus == Pane::Output && state.is_tree_shown() {
        state.output.tree.toggle();
        return;
    }
    if let Some(call) = state.selection.call() {
        state.selection = Selection::Chosen(call);
        let is_of_server = state.focus == Pane::ServerCalls;
        state.focus_on(if is_of_server {
            Pane::Messages
        } else {
            Pane::Output
        });
    }
}

/// All about the selected call, or back to its output.
pub(super) fn detail(state: &mut State) {
    let Some(call) = state.selection.call() else {
        return;
    };
    state.selection = Selection::Chosen(call);
    let is_shown = state.focus == Pane::Detail;
    state.focus_on(if is_shown { Pane::Output } else { Pane::Detail });
}

/// One level back: a sequence, a message, the zoom, the search, the pane that is
/// read, and at last the choice of a call.
pub(super) fn back(state: &mut State) {
    let now = state.now;
    let is_let_go = state.armed.take().is_some()
        || state.toasts.dismiss(now)
        || state.output.picked.take().is_some();
    if is_let_go {
    } else if state.is_zoomed {
        state.is_zoomed = false;
    } else if !state.output.find.text().is_empty() {
        state.clear_find();
    } else if state.return_to_list() {
    } else if state.is_filtered() {
        state.set_filter("");
    } else if !state.marked.is_empty() {
        state.marked.clear();
    } else if state.focus != state.screen.panes()[0] {
        state.focus_on(state.screen.panes()[0]);
    } else {
        state.selection = Selection::Automatic(state.selection.call());
    }
}
