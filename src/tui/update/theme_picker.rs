//! Picking a theme.

use super::UiCommand;
use crate::tui::action::Action;
use crate::tui::state::{Layer, State, ThemePicker, ToastLevel};

pub(super) fn open(state: &mut State) {
    if state.themes.names.is_empty() {
        state.say(
            ToastLevel::Info,
            "no colours here: `fanout doctor` says why",
        );
        return;
    }
    let picker = ThemePicker::new(&state.themes);
    state.layers.push(Layer::Themes(Box::new(picker)));
}

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    let Some(Layer::Themes(picker)) = state.layers.last_mut() else {
        return;
    };
    match action {
        Action::MarkNext => picker.list.turn(1),
        Action::MarkPrevious => picker.list.turn(-1),
        Action::Take => {
            state.layers.pop();
            state.say(
                ToastLevel::Info,
                "kept while this runs; `theme` in config.toml keeps it for good",
            );
            return;
        }
        Action::Close => {
            commands.push(UiCommand::ApplyTheme(picker.before.clone()));
            state.layers.pop();
            return;
        }
        _ => {}
    }
    preview(state, commands);
}

/// Puts the marked theme on, if it is another one.
pub(super) fn preview(state: &State, commands: &mut Vec<UiCommand>) {
    if let Some(Layer::Themes(picker)) = state.layers.last()
        && let Some(name) = picker.list.chosen()
        && *name != state.themes.current
    {
        commands.push(UiCommand::ApplyTheme(name.clone()));
    }
}
