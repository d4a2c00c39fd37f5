//! The update of the state: a pure function from a message to a new state and
//! the commands it asks for.

mod agents;
mod app;
mod calls;
mod ending;
mod experiments;
mod keys;
mod leave;
mod mouse;
mod output;
mod panes;
mod servers;
mod timeline;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyEventKind, MouseEvent};
use ratatui::layout::Size;

use super::dialogs::{Confirm, Layers, Question, Welcome};
use super::export::copy_source::CopySource;
use super::state::output::ReadResult;
use super::state::{State, ToastLevel, UiCommand};
use super::views::Hit;
use crate::engine::Command;
use crate::lab::ExperimentStatus;
use crate::model::Snapshot;
use crate::output::Safe;

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// The terminal reported a key, the mouse, a paste, its size or its focus.
    Input(Event),
    /// A button of the mouse was pressed or moved, over what is given.
    Pointed(MouseEvent, Option<Hit>),
    /// The wheel was turned by some notches, over what is given.
    Wheeled(i32, Option<Hit>),
    /// The engine published a snapshot.
    Published(Arc<Snapshot>),
    /// A copy is too large for the clipboard.
    CopyTooLarge(CopySource),
    /// Something was read for the output pane.
    Read(ReadResult),
    /// A theme was put on: its name.
    ThemeApplied(String),
    /// The names of all themes.
    ThemesListed(Vec<String>),
    /// Something that the user should know of.
    Notice(ToastLevel, String),
    /// An experiment is further, or there is none.
    ExperimentChanged(ExperimentStatus),
    /// The laboratory took no order.
    ExperimentRefused,
    /// The engine took no command.
    CommandRefused,
    /// The user is new here.
    FirstStart,
    /// The engine has ended.
    EngineEnded,
    /// Time passed.
    Ticked,
}

/// Takes a message in at `now`, and says what is asked for.
pub fn update(state: &mut State, layers: &mut Layers, now: Duration, msg: Msg) -> Vec<UiCommand> {
    state.now = now;
    let mut commands = Vec::new();
    match msg {
        Msg::Input(event) => input(state, layers, event, &mut commands),
        Msg::Pointed(event, hit) => {
            state.attention.touch(now);
            mouse::pressed(state, layers, event, hit, &mut commands);
        }
        Msg::Wheeled(notches, hit) => mouse::wheeled(state, layers, hit, notches, &mut commands),
        Msg::Published(run) => {
            state.set_snapshot(run);
            layers.renew(state);
            leave::released(state, &mut commands);
        }
        Msg::CopyTooLarge(source) => {
            state.output.too_large = Some(source);
            layers.push(Confirm::new(Question::KeepCopy));
        }
        Msg::Read(news) => state.set_read(news),
        Msg::ThemeApplied(name) => state.themes.current = name,
        Msg::ThemesListed(names) => state.themes.names = names,
        Msg::Notice(level, text) => state.notify(level, Safe::new(&text)),
        Msg::ExperimentChanged(news) => {
            state.set_experiment_status(news);
            experiments::begin_asked(state, layers, &mut commands);
        }
        Msg::ExperimentRefused => {
            state.notify(ToastLevel::Warn, "no command is taken now; try again");
        }
        Msg::CommandRefused => state.notify(
            ToastLevel::Warn,
            "the engine takes no more commands now; try again",
        ),
        Msg::FirstStart => layers.push(Welcome),
        Msg::EngineEnded => leave::engine_ended(state, &mut commands),
        Msg::Ticked => {}
    }
    agents::ask_for_control(state, &mut commands);
    ending::ask_for_inspection(state, &mut commands);
    let is_add = |it: &UiCommand| matches!(it, UiCommand::Engine(Command::Add(_)));
    if commands.iter().any(is_add) {
        state.select_next_added();
    }
    expire(state);
    commands
}

fn input(state: &mut State, layers: &mut Layers, event: Event, commands: &mut Vec<UiCommand>) {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => {
            state.attention.touch(state.now);
            keys::pressed(state, layers, key, commands);
        }
        Event::Paste(text) => {
            state.attention.touch(state.now);
            keys::pasted(state, layers, &text, commands);
        }
        Event::Mouse(_) => state.attention.touch(state.now),
        Event::Resize(width, height) => {
            state.size = Size { width, height };
            state.settle();
        }
        Event::FocusGained => state.attention.focus(true, state.now),
        Event::FocusLost => state.attention.focus(false, state.now),
        Event::Key(_) => {}
    }
}

/// Forgets what its time has passed for.
fn expire(state: &mut State) {
    if state.armed.is_some_and(|armed| armed.until <= state.now) {
        state.armed = None;
    }
    state.keys.expire(state.now);
}
