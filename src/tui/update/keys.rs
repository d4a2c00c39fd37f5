//! Keys: what they mean where they were pressed.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use keybinds::KeyInput;

use super::{UiCommand, calls, cap, leave, panes};
use crate::engine::Command;
use crate::model::RunPhase;
use crate::tui::action::{Action, Context};
use crate::tui::keymap::Meaning;
use crate::tui::state::{Ask, CpuUnit, Layer, Question, State};

/// How long a begun sequence of keys counts.
const SEQUENCE: Duration = Duration::from_secs(1);

/// A key was pressed.
pub(super) fn pressed(state: &mut State, key: KeyEvent, commands: &mut Vec<UiCommand>) {
    // Ctrl-C cannot be bound to anything else.
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        leave::interrupted(state, commands);
        return;
    }
    if state.pending.1 <= state.now {
        state.pending.0.clear();
    }
    let mut sequence = std::mem::take(&mut state.pending.0);
    sequence.push(KeyInput::from(key));
    let contexts = state.contexts();
    match state.keymap.meaning(contexts, &sequence) {
        Meaning::Action(action) => act(state, action, commands),
        Meaning::Prefix => state.pending = (sequence, state.now + SEQUENCE),
        Meaning::Nothing if sequence.len() > 1 => pressed(state, key, commands),
        Meaning::Nothing => typed(state, key, commands),
    }
    state.settle();
}

/// Text was pasted.
pub(super) fn pasted(state: &mut State, text: &str) {
    if let Some(Layer::CapPrompt(field)) = state.layers.last_mut() {
        field.paste(text);
    }
}

/// A key without meaning of its own goes into the text field, if there is one.
fn typed(state: &mut State, key: KeyEvent, commands: &mut Vec<UiCommand>) {
    if let Some(Layer::CapPrompt(field)) = state.layers.last_mut() {
        match key.code {
            KeyCode::Esc => drop(state.layers.pop()),
            KeyCode::Enter => cap::submit(state, commands),
            _ => field.key(key),
        }
    }
}

fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    if state.contexts().contains(&Context::Confirm) {
        leave::answer(state, action, commands);
        return;
    }
    if state.contexts().contains(&Context::Field) {
        if action == Action::Submit {
            cap::submit(state, commands);
        }
        return;
    }
    if matches!(state.layers.last(), Some(Layer::Help(_))) {
        panes::in_help(state, action);
        return;
    }
    match action {
        Action::Quit => leave::asked(state, commands),
        Action::Back => panes::back(state),
        Action::Help => state.layers.push(Layer::Help(0)),
        Action::Redraw => commands.push(UiCommand::Redraw),
        Action::Suspend => commands.push(UiCommand::Suspend),
        Action::CapUp | Action::CapDown | Action::CapSet => cap::act(state, action, commands),
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
        Action::CancelAll => state.say(crate::tui::state::Level::Info, "every call has ended"),
        Action::Cancel | Action::Kill | Action::Rerun => calls::act(state, action, commands),
        _ => panes::act(state, action),
    }
}
