//! Moving about: rows, pages, panes, and the way back.

use super::{output, timeline};
use crate::tui::action::Action;
use crate::tui::state::{Layer, Pane, Screen, Selection, State};
use crate::tui::text::field::TextField;
use crate::tui::timeline::RowMode;
use crate::tui::{dialogs, views};

/// RowMode that are further than any list.
const FAR: isize = isize::MAX / 2;

pub(super) fn act(state: &mut State, action: Action) {
    let page = state.layout().rows(state, state.focus).max(2) - 1;
    let page = isize::try_from(page).unwrap_or(FAR);
    match action {
        Action::Down => rows(state, 1),
        Action::Up => rows(state, -1),
        Action::PageDown => rows(state, page),
        Action::PageUp => rows(state, -page),
        Action::Top => rows(state, -FAR),
        Action::Bottom => rows(state, FAR),
        Action::FocusNext => turn(state, 1),
        Action::FocusPrevious => turn(state, -1),
        Action::Open => open(state),
        Action::Detail => detail(state),
        Action::ScreenLanes => state.show(Screen::Lanes),
        Action::ScreenQueue => state.show(Screen::Queue),
        Action::ScreenTimeline => state.show(Screen::Timeline),
        Action::ScreenServers => state.show(Screen::Servers),
        Action::ScreenCatalogue => state.show(Screen::Catalogue),
        Action::ScreenExperiments => state.show(Screen::Experiments),
        Action::Filter => {
            let filter = match state.screen {
                Screen::Catalogue => &state.tools.filter,
                _ => &state.selector.filter,
            };
            let field = TextField::line_with(filter);
            state.layers.push(Layer::Filter(Box::new(field)));
        }
        Action::Sort => state.selector.sort = state.selector.sort.next(),
        Action::SortReverse => state.selector.is_reversed = !state.selector.is_reversed,
        Action::Scope => state.is_table_full = !state.is_table_full,
        Action::Mark => mark(state),
        Action::Zoom => state.is_zoomed = !state.is_zoomed,
        _ => {}
    }
}

/// Moves what is selected in the pane with the keys by some rows.
fn rows(state: &mut State, by: isize) {
    match state.focus {
        Pane::Tools => state.tools.step(by),
        Pane::Servers => state.step_server(by),
        Pane::Timeline if state.timeline.rows == RowMode::Lanes => timeline::lane(state, by),
        pane if Pane::LISTS.contains(&pane) => state.step(by),
        pane => scroll(state, pane, by),
    }
}

/// Moves what a pane shows by some rows; what is selected stays.
pub(super) fn scroll(state: &mut State, pane: Pane, by: isize) {
    match pane {
        Pane::Output => output::scroll(state, by),
        Pane::Detail => {
            let last = views::output::detail::last_row(state);
            state.detail_first = state.detail_first.saturating_add_signed(by).min(last);
        }
        Pane::Tool => {
            let last = views::catalogue::tool::last_row(state);
            state.tools.first = state.tools.first.saturating_add_signed(by).min(last);
        }
        Pane::Experiment => {
            let last = views::experiments::last_row(state);
            state.experiments.first = state.experiments.first.saturating_add_signed(by).min(last);
        }
        Pane::Server => {
            let most = views::servers::server::last_row(state);
            let below = state.servers.below.min(most);
            let by = by.saturating_neg();
            state.servers.below = below.saturating_add_signed(by).min(most);
        }
        Pane::Messages => {
            let last = views::servers::messages::last_row(state);
            let first = state.servers.messages_first.saturating_add_signed(by);
            state.servers.messages_first = first.min(last);
        }
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
        _ => {
            let (listed, visible) = (state.listed(pane), state.layout().rows(state, pane));
            if let Some(list) = state.lists.get_mut(pane as usize) {
                list.scroll(by, listed, visible);
            }
        }
    }
}

/// Marks the selected call, or takes its mark away, and goes on to the next.
fn mark(state: &mut State) {
    if let Some(call) = state.selection.call() {
        if !state.marked.remove(&call) {
            state.marked.insert(call);
        }
        rows(state, 1);
    }
}

/// Keys of the filter's field: Enter keeps it, Esc takes it away.
pub(super) fn in_filter(state: &mut State, action: Action) {
    state.layers.pop();
    if action == Action::Close {
        narrow(state, "");
    } else {
        state.settle();
        select_listed(state);
    }
}

/// Selects the first call that the filter leaves, unless the selected one is
/// among them: keys do not act on what is not shown.
fn select_listed(state: &mut State) {
    let pane = state.focus;
    if !matches!(pane, Pane::Table | Pane::Queue | Pane::Finished) {
        return;
    }
    let selected = state.selection.call();
    let mut listed = (0..state.listed(pane)).filter_map(|row| state.call_at(pane, row));
    if !listed.clone().any(|call| Some(call) == selected)
        && let Some(first) = listed.next()
    {
        state.selection = Selection::Chosen(first);
    }
}

/// Narrows what the screen lists.
pub(super) fn narrow(state: &mut State, filter: &str) {
    match state.screen {
        Screen::Catalogue => state.tools.narrow(&state.catalogue, filter),
        _ => state.selector.filter = filter.to_lowercase(),
    }
}

fn turn(state: &mut State, by: isize) {
    let panes = state.screen.panes();
    let now = panes
        .iter()
        .position(|pane| *pane == state.focus)
        .unwrap_or(0);
    let next = (now + panes.len()).saturating_add_signed(by) % panes.len();
    state.focus_on(panes[next]);
}

/// Reads the selected call's output.
fn open(state: &mut State) {
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
fn detail(state: &mut State) {
    let Some(call) = state.selection.call() else {
        return;
    };
    state.selection = Selection::Chosen(call);
    let is_shown = state.focus == Pane::Detail;
    state.focus_on(if is_shown { Pane::Output } else { Pane::Detail });
}

/// One level back: a sequence, a message, the zoom, the output pane, and at
/// last the choice of a call.
pub(super) fn back(state: &mut State) {
    let now = state.now;
    let is_let_go = state.armed.take().is_some()
        || state.toasts.dismiss(now)
        || state.output.picked.take().is_some();
    if is_let_go {
    } else if state.is_zoomed {
        state.is_zoomed = false;
    } else if state.screen == Screen::Catalogue && !state.tools.filter.is_empty() {
        narrow(state, "");
    } else if !state.selector.filter.is_empty() {
        state.selector.filter.clear();
    } else if !state.marked.is_empty() {
        state.marked.clear();
    } else if state.focus != state.screen.panes()[0] {
        state.focus_on(state.screen.panes()[0]);
    } else {
        state.selection = Selection::Automatic(state.selection.call());
    }
}

/// Keys of the help.
pub(super) fn in_help(state: &mut State, action: Action) {
    let page = usize::from(state.size.height.saturating_sub(6));
    let last = dialogs::help::length().saturating_sub(page);
    let Some(Layer::Help(first)) = state.layers.last_mut() else {
        return;
    };
    *first = match action {
        Action::Down => *first + 1,
        Action::Up => first.saturating_sub(1),
        Action::PageDown => *first + page,
        Action::PageUp => first.saturating_sub(page),
        Action::Top => 0,
        Action::Bottom => last,
        Action::Back | Action::Help | Action::Quit => {
            state.layers.pop();
            return;
        }
        _ => return,
    };
    *first = (*first).min(last);
}
