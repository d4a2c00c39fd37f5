//! Dialogs: the boxes that lie on top of the screen and take its keys.
//!
//! Each is one file with its state, its keys, its pointer and its picture.
//! [`Layers`] keeps those that are open. A dialog must not know which others
//! are: it answers a key with an `Answer`.

mod add_call;
mod cap;
mod choices;
mod columns;
mod confirm;
mod copy_as;
mod filter;
mod form;
mod held_call;
mod help;
mod intercept;
mod layers;
mod machine;
mod messages;
mod open;
mod palette;
mod picker;
mod question;
mod search;
mod sheet;
mod stage;
mod theme_picker;
mod tool_choices;
mod welcome;

pub(super) use add_call::AddCall;
pub(super) use cap::CapPrompt;
pub(super) use columns::Columns;
pub(super) use confirm::{Confirm, Question};
pub(super) use copy_as::CopyAs;
pub(super) use filter::FilterPrompt;
pub(super) use held_call::HeldCall;
pub(super) use help::Help;
pub(super) use intercept::InterceptPrompt;
pub use layers::Layers;
pub(super) use machine::Machine;
pub(super) use messages::Messages;
pub(super) use palette::Palette;
pub(super) use question::QuestionForm;
pub(super) use search::SearchPrompt;
pub(super) use sheet::Sheet;
pub(super) use stage::Stage;
pub(super) use theme_picker::ThemePicker;
pub(super) use welcome::Welcome;

use std::fmt::Debug;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::{Action, Context};
use super::state::{State, UiCommand};
use super::views::{InputLine, View};

/// One dialog.
pub(in crate::tui) trait Dialog: Debug {
    /// Returns the contexts whose keys are heard, the nearest first.
    fn contexts(&self) -> &'static [Context];

    /// Carries an action out.
    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer;

    /// Takes note that the run or the catalogue is another one.
    fn renew(&mut self, _state: &State) {}

    /// Takes a key that is bound to nothing here.
    fn typed(
        &mut self,
        _key: KeyEvent,
        _state: &mut State,
        _commands: &mut Vec<UiCommand>,
    ) -> Answer {
        Answer::Stay
    }

    /// Takes pasted text.
    fn pasted(
        &mut self,
        _text: &str,
        _state: &mut State,
        _commands: &mut Vec<UiCommand>,
    ) -> Answer {
        Answer::Stay
    }

    /// Takes a press of the left button.
    fn pressed(
        &mut self,
        _press: Press,
        _state: &mut State,
        _commands: &mut Vec<UiCommand>,
    ) -> Answer {
        Answer::Stay
    }

    /// Returns the actions of one row of the wheel, up and down.
    fn wheel(&self) -> Option<[Action; 2]> {
        None
    }

    /// Whether any key closes it and is heard below as well.
    fn is_passing(&self) -> bool {
        false
    }

    /// Returns the field that the line of messages shows in its place.
    fn line<'a>(&'a self, _state: &State) -> Option<InputLine<'a>> {
        None
    }

    /// Draws it.
    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer);
}

/// A press of the left button on a dialog.
#[derive(Debug, Clone, Copy)]
pub(in crate::tui) struct Press {
    /// The cell that was pressed.
    at: Position,
    /// Whether it is the second press of the cell within a short time.
    is_double: bool,
    /// The whole screen.
    screen: Rect,
}

/// Outcome of a key, a paste or a press for the dialog that took it.
#[derive(Debug)]
pub(in crate::tui) enum Answer {
    /// It stays open.
    Stay,
    /// It closes.
    Close,
    /// It stays open under another one.
    Open(Box<dyn Dialog>),
    /// It closes, and the action is carried out below it.
    Perform(Action),
}
