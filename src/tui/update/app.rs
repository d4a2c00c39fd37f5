//! Actions that every screen has.

use std::sync::Arc;

use super::{agents, leave, panes};
use crate::engine::Command;
use crate::model::RunPhase;
use crate::tui::action::AppAction;
use crate::tui::dialogs::{
    AddCall, CapPrompt, Confirm, Help, Layers, Machine, Messages, Palette, Question, QuestionForm,
    Sheet, ThemePicker, Welcome,
};
use crate::tui::state::{CpuUnit, State, ToastLevel, UiCommand};

/// Carries an action out.
pub(super) fn act(
    state: &mut State,
    layers: &mut Layers,
    action: AppAction,
    commands: &mut Vec<UiCommand>,
) {
    match action {
        AppAction::Help => layers.push(Help::default()),
        AppAction::Palette => layers.push(Palette::new(state)),
        AppAction::Messages => {
            // The message on the screen is read there as well.
            state.toasts.dismiss(state.now);
            layers.push(Sheet::<Messages>::default());
        }
        AppAction::OpenFile => layers.push(Palette::of_offers(state)),
        AppAction::Quit => leave::asked(state, layers, commands),
        AppAction::Back => panes::back(state),
        AppAction::FocusNext => panes::turn(state, 1),
        AppAction::FocusPrevious => panes::turn(state, -1),
        AppAction::Zoom => state.is_zoomed = !state.is_zoomed,
        AppAction::CapUp | AppAction::CapDown => turn_cap(state, action, commands),
        AppAction::CapSet => layers.push(CapPrompt::default()),
        AppAction::CapAuto => state.toggle_auto_cap(commands),
        AppAction::Govern => agents::govern(state, commands),
        AppAction::Pause => commands.push(UiCommand::Engine(match state.run.phase {
            RunPhase::Paused => Command::Resume,
            _ => Command::Pause,
        })),
        AppAction::Add => layers.push(AddCall::new(state)),
        AppAction::CancelAll if state.run.counts.open() > 0 => {
            layers.push(Confirm::new(Question::CancelAll));
        }
        AppAction::CancelAll => state.notify(ToastLevel::Info, "every call has ended"),
        AppAction::AnswerQuestion => match state.next_question() {
            Some(question) => layers.push(QuestionForm::new(Arc::clone(question))),
            None => state.notify(ToastLevel::Info, "no server asks anything"),
        },
        AppAction::CpuUnit => {
            state.cpu_unit = match state.cpu_unit {
                CpuUnit::Core => CpuUnit::Machine,
                CpuUnit::Machine => CpuUnit::Core,
            };
        }
        AppAction::Freeze => state.toggle_freeze(),
        AppAction::Machine => layers.push(Sheet::<Machine>::default()),
        AppAction::Welcome => layers.push(Welcome),
        AppAction::Theme if state.themes.names.is_empty() => {
            state.notify(
                ToastLevel::Info,
                "no colours here: `fanout doctor` says why",
            );
        }
        AppAction::Theme => layers.push(ThemePicker::new(&state.themes)),
        AppAction::Mouse => toggle_mouse(state, commands),
        AppAction::Redraw => commands.push(UiCommand::Redraw),
        AppAction::Suspend => commands.push(UiCommand::Suspend),
    }
}

fn toggle_mouse(state: &mut State, commands: &mut Vec<UiCommand>) {
    let is_reported = !state.pointer.is_reported();
    state.pointer.set_reported(is_reported);
    commands.push(UiCommand::Mouse(is_reported));
    let text = if is_reported {
        "the mouse is fanout's"
    } else {
        "the mouse is the terminal's: it selects text"
    };
    state.notify(ToastLevel::Info, text);
}

/// Changes the cap of a load under way, else that of the run, by a lane.
fn turn_cap(state: &mut State, action: AppAction, commands: &mut Vec<UiCommand>) {
    let is_up = action == AppAction::CapUp;
    if !state.turn_load(is_up, commands) {
        let cap = state.latest_cap();
        let cap = if is_up { cap.raised() } else { cap.lowered() };
        state.set_cap(cap, commands);
    }
}
