//! The command palette and the log of messages.

use super::UiCommand;
use crate::tui::action::Action;
use crate::tui::state::refusal::refusal;
use crate::tui::state::{Layer, State, ToastLevel};
use crate::tui::text::Piece;

pub(super) fn open(state: &mut State) {
    state.layers.push(Layer::Palette(Box::default()));
}

/// Keys of the palette: what is taken is done, or its reason not to is said.
pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    let Some(Layer::Palette(palette)) = state.layers.last_mut() else {
        return;
    };
    match action {
        Action::MarkNext => palette.list.turn(1),
        Action::MarkPrevious => palette.list.turn(-1),
        Action::Close => drop(state.layers.pop()),
        Action::Take => take(state, commands),
        _ => {}
    }
}

fn take(state: &mut State, commands: &mut Vec<UiCommand>) {
    let Some(Layer::Palette(palette)) = state.layers.pop() else {
        return;
    };
    let Some(action) = palette.list.chosen().copied() else {
        return;
    };
    match refusal(state, action) {
        Some(reason) => {
            let label = crate::tui::action::entry(action).label;
            let text = Piece::from(label).then(": ").then(reason);
            state.say(ToastLevel::Info, text);
        }
        None => super::keys::act(state, action, commands),
    }
}

/// Opens the log; what stands on the screen has been seen with it.
pub(super) fn open_messages(state: &mut State) {
    state.toasts.dismiss(state.now);
    state.layers.push(Layer::Messages(0));
}

/// Keys of the log.
pub(super) fn in_messages(state: &mut State, action: Action) {
    let page = usize::from(state.size.height.saturating_sub(6)).max(1);
    let last = state.toasts.log().count().saturating_sub(page);
    let Some(Layer::Messages(first)) = state.layers.last_mut() else {
        return;
    };
    let next = match action {
        Action::Down => *first + 1,
        Action::Up => first.saturating_sub(1),
        Action::PageDown => *first + page,
        Action::PageUp => first.saturating_sub(page),
        Action::Top => 0,
        Action::Bottom => last,
        Action::Back | Action::Messages | Action::Quit => {
            state.layers.pop();
            return;
        }
        _ => return,
    };
    *first = next.min(last);
}
