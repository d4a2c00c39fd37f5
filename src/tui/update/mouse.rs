//! The pointer: clicks and the wheel, by the target under them.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{keys, panes, timeline};
use crate::tui::action::Action;
use crate::tui::dialogs::Layers;
use crate::tui::state::{AgentItem, Layout, Pane, PickedLines, Selection, State, UiCommand};
use crate::tui::timeline::RowMode;
use crate::tui::views::Hit;

/// Rows that one notch of the wheel moves.
const NOTCH: isize = 3;

/// A button was pressed, or moved while pressed.
pub(super) fn pressed(
    state: &mut State,
    layers: &mut Layers,
    event: MouseEvent,
    hit: Option<Hit>,
    commands: &mut Vec<UiCommand>,
) {
    let at = Position::new(event.column, event.row);
    match (event.kind, hit) {
        (MouseEventKind::Down(MouseButton::Left), Some(hit)) => {
            let is_double = state.pointer.press(at, state.now);
            click(state, layers, Click { at, hit, is_double }, commands);
            press_output(state, at, hit);
        }
        (
            MouseEventKind::Drag(MouseButton::Left),
            Some(hit @ (Hit::Scrollbar(..) | Hit::Time(_))),
        ) => {
            let is_double = false;
            click(state, layers, Click { at, hit, is_double }, commands);
        }
        (MouseEventKind::Drag(MouseButton::Left), _) => state.pick_to(at.y),
        (MouseEventKind::Up(MouseButton::Left), _) => copy_picked(state, commands),
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

/// A press of the left button.
#[derive(Debug, Clone, Copy)]
struct Click {
    at: Position,
    hit: Hit,
    is_double: bool,
}

fn click(state: &mut State, layers: &mut Layers, click: Click, commands: &mut Vec<UiCommand>) {
    let Click { at, hit, is_double } = click;
    match hit {
        Hit::Hint(action) => keys::act(state, layers, action, commands),
        Hit::Row(pane, row) => {
            on_row(state, pane, row);
            if is_double {
                let action = match pane {
                    Pane::Tools => Action::UseTool,
                    Pane::Servers => Action::ServerTools,
                    Pane::Agents => Action::AgentCalls,
                    _ => Action::Open,
                };
                keys::act(state, layers, action, commands);
            }
        }
        Hit::Time(column) => on_time(state, column),
        Hit::Scrollbar(pane, share) => to_share(state, pane, share),
        Hit::Pane(pane) => state.focus_on(pane),
        Hit::Dialog => {
            let left = layers.pressed(at, is_double, state, commands);
            keys::act_on(left, state, layers, commands);
        }
    }
}

/// Copies the lines that were picked, when the button is let go. They stay
/// marked until something else is pressed.
fn copy_picked(state: &State, commands: &mut Vec<UiCommand>) {
    let places = state.output.picked.and_then(PickedLines::places);
    let source = places.and_then(|places| state.copy_source_of(places));
    commands.extend(source.map(UiCommand::Copy));
}

fn on_row(state: &mut State, pane: Pane, row: usize) {
    state.focus = pane;
    match pane {
        Pane::Tools => state.tools.select(row),
        Pane::Servers => state.select_server(row),
        Pane::Agents => state.select_agent_item(row),
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
        Pane::Agents => AgentItem::all(&state.run.agents).len(),
        _ => state.listed(pane),
    };
    let row = (share.clamp(0.0, 1.0) * rows.saturating_sub(1) as f32).round() as usize;
    match pane {
        Pane::Tools => state.tools.select(row),
        Pane::Servers => state.select_server(row),
        Pane::Agents => state.select_agent_item(row),
        _ => {
            if let Some(call) = state.call_at(pane, row) {
                state.selection = Selection::Chosen(call);
            }
        }
    }
}

/// The wheel turned by some notches over what is under the pointer.
pub(super) fn wheeled(
    state: &mut State,
    layers: &mut Layers,
    hit: Option<Hit>,
    notches: i32,
    commands: &mut Vec<UiCommand>,
) {
    let by = isize::try_from(notches).unwrap_or(0) * NOTCH;
    if !layers.is_empty() {
        let Some([up, down]) = layers.wheel() else {
            return;
        };
        let action = if by < 0 { up } else { down };
        for _ in 0..by.unsigned_abs().min(64) {
            keys::act(state, layers, action, commands);
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
