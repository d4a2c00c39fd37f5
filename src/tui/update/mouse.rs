//! The pointer: what a click and the wheel do, by what is under them.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{UiCommand, copying, keys, panes, theme_picker, timeline};
use crate::tui::action::Action;
use crate::tui::state::layout::Layout;
use crate::tui::state::{Layer, Pane, Selection, State};
use crate::tui::timeline::RowMode;
use crate::tui::views::Hit;

/// Two presses of one place within this time open what is there.
const DOUBLE: Duration = Duration::from_millis(400);

/// RowMode that one notch of the wheel moves.
const NOTCH: isize = 3;

/// A button was pressed, or moved while pressed.
pub(super) fn pressed(
    state: &mut State,
    event: MouseEvent,
    hit: Option<Hit>,
    commands: &mut Vec<UiCommand>,
) {
    let at = Position::new(event.column, event.row);
    match (event.kind, hit) {
        (MouseEventKind::Down(MouseButton::Left), Some(hit)) => {
            let last = state.clicked.replace((at, state.now));
            let is_double =
                last.is_some_and(|(place, when)| place == at && state.now < when + DOUBLE);
            if is_double {
                state.clicked = None;
            }
            click(state, hit, is_double, commands);
            press_output(state, at, hit);
        }
        (
            MouseEventKind::Drag(MouseButton::Left),
            Some(hit @ (Hit::Scrollbar(..) | Hit::Time(_))),
        ) => {
            click(state, hit, false, commands);
        }
        (MouseEventKind::Drag(MouseButton::Left), _) => state.pick_to(at.y),
        (MouseEventKind::Up(MouseButton::Left), _) => copying::picked(state, commands),
        _ => {}
    }
    state.settle();
}

/// A press in the output begins to pick lines; one elsewhere ends it.
fn press_output(state: &mut State, at: Position, hit: Hit) {
    let inner = state.layout().inner(Pane::Output);
    if hit == Hit::Pane(Pane::Output) && inner.contains(at) {
        state.begin_pick(usize::from(at.y - inner.y));
    } else {
        state.output.picked = None;
    }
}

fn click(state: &mut State, hit: Hit, is_double: bool, commands: &mut Vec<UiCommand>) {
    match hit {
        Hit::Hint(action) => keys::act(state, action, commands),
        Hit::Row(pane, row) => on_row(state, pane, row, is_double, commands),
        Hit::Time(column) => on_time(state, column),
        Hit::Scrollbar(pane, share) => to_share(state, pane, share),
        Hit::Pane(pane) => state.focus_on(pane),
        Hit::Answer(answer) => {
            if let Some(Layer::Ask(ask)) = state.layers.last_mut() {
                ask.marked = answer;
                keys::act(state, Action::Accept, commands);
            }
        }
        Hit::Choice(row) => on_choice(state, row, is_double, commands),
        Hit::Field(index) => {
            if let Some(Layer::Add(add)) = state.layers.last_mut()
                && let Some(form) = &mut add.form
            {
                form.go_to(index, &state.catalogue);
            }
        }
        Hit::Beside => beside(state, commands),
    }
}

/// A press beside a list or a text closes it.
fn beside(state: &mut State, commands: &mut Vec<UiCommand>) {
    let action = match state.layers.last() {
        Some(Layer::Help(_) | Layer::Messages(_) | Layer::Machine | Layer::Welcome) => Action::Back,
        _ => Action::Close,
    };
    keys::act(state, action, commands);
}

fn on_row(
    state: &mut State,
    pane: Pane,
    row: usize,
    is_double: bool,
    commands: &mut Vec<UiCommand>,
) {
    state.focus = pane;
    match pane {
        Pane::Tools => state.tools.select(row),
        Pane::Servers => state.select_server(row),
        Pane::Timeline if state.timeline.rows == RowMode::Lanes => {
            let by = row.cast_signed() - state.timeline.lane.cast_signed();
            timeline::lane(state, by);
        }
        _ => {
            if let Some(call) = state.call_at(pane, row) {
                state.selection = Selection::Chosen(call);
            }
        }
    }
    state.settle();
    if is_double {
        let action = match pane {
            Pane::Tools => Action::UseTool,
            Pane::Servers => Action::ServerTools,
            _ => Action::Open,
        };
        keys::act(state, action, commands);
    }
}

fn on_time(state: &mut State, column: u16) {
    state.focus = Pane::Timeline;
    timeline::to_column(state, column);
}

/// To the row that is so far down the list.
fn to_share(state: &mut State, pane: Pane, share: f32) {
    state.focus_on(pane);
    let rows = match pane {
        Pane::Tools => state.tools.found.len(),
        Pane::Servers => state.run.servers.len(),
        _ => state.listed(pane),
    };
    let row = (share.clamp(0.0, 1.0) * rows.saturating_sub(1) as f32).round() as usize;
    match pane {
        Pane::Tools => state.tools.select(row),
        Pane::Servers => state.select_server(row),
        _ => {
            if let Some(call) = state.call_at(pane, row) {
                state.selection = Selection::Chosen(call);
            }
        }
    }
}

/// A press marks a row of a picker; one on the marked row takes it.
fn on_choice(state: &mut State, row: usize, is_double: bool, commands: &mut Vec<UiCommand>) {
    let marked = match state.layers.last_mut() {
        Some(Layer::Palette(it)) => &mut it.list.marked,
        Some(Layer::Themes(it)) => &mut it.list.marked,
        Some(Layer::CopyAs(it)) => &mut it.list.marked,
        Some(Layer::Choices(it)) => &mut it.list.marked,
        Some(Layer::Add(it)) => &mut it.list.marked,
        _ => return,
    };
    let was_marked = std::mem::replace(marked, row) == row;
    theme_picker::preview(state, commands);
    if was_marked || is_double {
        keys::act(state, Action::Take, commands);
    }
}

/// The wheel turned by some notches over what is under the pointer.
pub(super) fn wheeled(
    state: &mut State,
    hit: Option<Hit>,
    notches: i32,
    commands: &mut Vec<UiCommand>,
) {
    let by = isize::try_from(notches).unwrap_or(0) * NOTCH;
    if let Some(layer) = state.layers.last() {
        let action = match (layer, by < 0) {
            (Layer::Help(_) | Layer::Messages(_), true) => Action::Up,
            (Layer::Help(_) | Layer::Messages(_), false) => Action::Down,
            (
                Layer::Palette(_) | Layer::Themes(_) | Layer::CopyAs(_) | Layer::Choices(_),
                is_up,
            ) => {
                if is_up {
                    Action::MarkPrevious
                } else {
                    Action::MarkNext
                }
            }
            _ => return,
        };
        for _ in 0..by.unsigned_abs().min(64) {
            keys::act(state, action, commands);
        }
        return;
    }
    let pane = match hit {
        Some(Hit::Row(pane, _) | Hit::Pane(pane) | Hit::Scrollbar(pane, _)) => pane,
        Some(Hit::Time(_)) => Pane::Timeline,
        _ => return,
    };
    // However fast the wheel was turned, a frame moves by a page at most.
    let most = Layout::of(state).rows(state, pane).max(1).cast_signed();
    panes::scroll(state, pane, by.clamp(-most, most));
}
