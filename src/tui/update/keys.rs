//! Keys: what they mean where they were pressed.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use keybinds::KeyInput;

use super::{
    UiCommand, add_call, calls, cap, copying, experiments, leave, output, palette, panes, servers,
    theme_picker, timeline,
};
use crate::engine::Command;
use crate::model::RunPhase;
use crate::tui::action::{Action, Context, entry};
use crate::tui::export::program::Viewer;
use crate::tui::keymap::KeyMatch;
use crate::tui::state::refusal;
use crate::tui::state::{Ask, CpuUnit, Layer, Question, State, ToastLevel};

/// How long a begun sequence of keys counts.
const SEQUENCE: Duration = Duration::from_secs(1);

/// A key was pressed.
pub(super) fn pressed(state: &mut State, key: KeyEvent, commands: &mut Vec<UiCommand>) {
    // Ctrl-C cannot be bound to anything else.
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        leave::interrupted(state, commands);
        return;
    }
    // The card is in nobody's way: the key that closes it counts as well.
    if matches!(state.layers.last(), Some(Layer::Welcome)) {
        state.layers.pop();
        if key.code == KeyCode::Esc {
            return;
        }
    }
    if state.pending.1 <= state.now {
        state.pending.0.clear();
    }
    let mut sequence = std::mem::take(&mut state.pending.0);
    sequence.push(KeyInput::from(key));
    let contexts = state.contexts();
    match state.keymap.meaning(contexts, &sequence) {
        KeyMatch::Action(action) => act(state, action, commands),
        KeyMatch::Prefix => state.pending = (sequence, state.now + SEQUENCE),
        KeyMatch::Nothing if sequence.len() > 1 => pressed(state, key, commands),
        KeyMatch::Nothing => {
            typed(state, key);
            theme_picker::preview(state, commands);
        }
    }
    state.settle();
}

/// Text was pasted.
pub(super) fn pasted(state: &mut State, text: &str) {
    match state.layers.last_mut() {
        Some(Layer::CapPrompt(field)) => field.paste(text),
        Some(Layer::Filter(field)) => {
            field.paste(text);
            let filter = field.text();
            panes::narrow(state, &filter);
        }
        Some(Layer::Search(field)) => {
            field.paste(text);
            let text = field.text();
            state.find(&text);
        }
        Some(Layer::Add(add)) => {
            add.paste(&state.catalogue, text);
            if add.offered.is_some() {
                state.layers.push(Layer::Ask(Ask::new(Question::FillForm)));
            }
        }
        Some(Layer::Choices(choices)) => choices.paste(text),
        Some(Layer::Themes(picker)) => picker.paste(&state.themes.names, text),
        Some(Layer::CopyAs(ways)) => ways.paste(text),
        Some(Layer::Palette(palette)) => palette.paste(text),
        _ => {}
    }
}

/// A key without meaning of its own goes into the text field, if there is one.
fn typed(state: &mut State, key: KeyEvent) {
    match state.layers.last_mut() {
        Some(Layer::CapPrompt(field)) => field.key(key),
        Some(Layer::Filter(field)) => {
            field.key(key);
            let filter = field.text();
            panes::narrow(state, &filter);
        }
        Some(Layer::Search(field)) => {
            field.key(key);
            let text = field.text();
            state.find(&text);
        }
        Some(Layer::Add(add)) => match add.choices(key) {
            Some(choices) => state.layers.push(Layer::Choices(Box::new(choices))),
            None => add.key(&state.catalogue, key),
        },
        Some(Layer::Choices(choices)) => choices.key(key),
        Some(Layer::Themes(picker)) => picker.key(&state.themes.names, key),
        Some(Layer::CopyAs(ways)) => ways.key(key),
        Some(Layer::Palette(palette)) => palette.key(key),
        _ => {}
    }
}

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    if state.contexts().contains(&Context::Confirm) {
        leave::answer(state, action, commands);
        return;
    }
    match state.layers.last() {
        Some(Layer::CapPrompt(_)) => cap::in_prompt(state, action, commands),
        Some(Layer::Add(_)) => add_call::act(state, action, commands),
        Some(Layer::Choices(_)) => add_call::in_choices(state, action),
        Some(Layer::Themes(_)) => theme_picker::act(state, action, commands),
        Some(Layer::CopyAs(_)) => copying::in_ways(state, action, commands),
        Some(Layer::Search(_)) => output::in_search(state, action),
        Some(Layer::Filter(_)) => panes::in_filter(state, action),
        Some(Layer::Help(_)) => panes::in_help(state, action),
        Some(Layer::Machine) => {
            if matches!(action, Action::Back | Action::Machine | Action::Quit) {
                state.layers.pop();
            }
        }
        Some(Layer::Welcome) => drop(state.layers.pop()),
        Some(Layer::Messages(_)) => palette::in_messages(state, action),
        Some(Layer::Palette(_)) => palette::act(state, action, commands),
        Some(Layer::Ask(_)) | None => match refusal::of_more_calls(state, action) {
            Some(reason) => state.say(ToastLevel::Warn, reason),
            None => on_ground(state, action, commands),
        },
    }
}

/// Handles an action while no dialog is open.
fn on_ground(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    match action {
        Action::Quit => leave::asked(state, commands),
        Action::Back => panes::back(state),
        Action::Help => state.layers.push(Layer::Help(0)),
        Action::Palette => palette::open(state),
        Action::Messages => palette::open_messages(state),
        Action::Machine => state.layers.push(Layer::Machine),
        Action::Welcome => state.layers.push(Layer::Welcome),
        Action::Mouse => {
            state.has_mouse = !state.has_mouse;
            commands.push(UiCommand::Mouse(state.has_mouse));
            let text = if state.has_mouse {
                "the mouse is fanout's"
            } else {
                "the mouse is the terminal's: it selects text"
            };
            state.say(ToastLevel::Info, text);
        }
        Action::Theme => theme_picker::open(state),
        Action::Redraw => commands.push(UiCommand::Redraw),
        Action::Suspend => commands.push(UiCommand::Suspend),
        _ if cap::is_meant(action) => cap::act(state, action, commands),
        Action::Add => add_call::open(state),
        Action::UseTool => add_call::for_tool(state),
        Action::EditRerun => add_call::edit(state),
        Action::Pause => commands.push(UiCommand::Engine(match state.run.phase {
            RunPhase::Paused => Command::Resume,
            _ => Command::Pause,
        })),
        Action::CpuUnit => {
            state.cpu_unit = match state.cpu_unit {
                CpuUnit::Core => CpuUnit::Machine,
                CpuUnit::Machine => CpuUnit::Core,
            };
        }
        Action::CancelAll if state.run.counts.open() > 0 => {
            state.layers.push(Layer::Ask(Ask::new(Question::CancelAll)));
        }
        Action::CancelAll => state.say(ToastLevel::Info, "every call has ended"),
        Action::Cancel
        | Action::Kill
        | Action::Rerun
        | Action::MoveDown
        | Action::MoveUp
        | Action::RunNext => calls::act(state, action, commands),
        Action::Copy => copying::copy(state, commands),
        Action::CopyAs => copying::open_ways(state),
        Action::Edit => copying::show(state, Viewer::Editor, commands),
        Action::Page => copying::show(state, Viewer::Pager, commands),
        _ => match entry(action).contexts {
            [Context::Timeline] => timeline::act(state, action),
            [Context::Experiments] => experiments::act(state, action, commands),
            [Context::Server] => servers::act(state, action, commands),
            [Context::Output] => output::act(state, action),
            _ => panes::act(state, action),
        },
    }
}
