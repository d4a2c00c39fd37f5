//! The open dialogs, one above the other.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Answer, Dialog, Press};
use crate::theme::Theme;
use crate::tui::action::{Action, Context};
use crate::tui::state::{Layout, State, UiCommand};
use crate::tui::text::glyphs::Glyphs;
use crate::tui::views::{self, Covered, View};

/// The open dialogs; the topmost takes the keys.
#[derive(Debug, Default)]
pub struct Layers {
    open: Vec<Box<dyn Dialog>>,
}

impl Layers {
    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Opens a dialog above the others.
    pub(in crate::tui) fn push(&mut self, dialog: impl Dialog + 'static) {
        self.open.push(Box::new(dialog));
    }

    /// Closes the topmost.
    pub(in crate::tui) fn pop(&mut self) {
        self.open.pop();
    }

    /// Closes all.
    pub(in crate::tui) fn clear(&mut self) {
        self.open.clear();
    }

    /// Whether the topmost closes with any key, which is heard below as well.
    pub(in crate::tui) fn is_passing(&self) -> bool {
        self.open.last().is_some_and(|top| top.is_passing())
    }

    /// Returns the contexts whose keys are heard, the nearest first.
    pub fn contexts(&self, state: &State) -> &'static [Context] {
        match self.open.last() {
            Some(top) => top.contexts(),
            None => state.ground_contexts(),
        }
    }

    /// Returns the actions of one row of the wheel, up and down, where the
    /// topmost can be scrolled.
    pub(in crate::tui) fn wheel(&self) -> Option<[Action; 2]> {
        self.open.last()?.wheel()
    }

    /// Tells all that the run or the catalogue is another one.
    pub(in crate::tui) fn renew(&mut self, state: &State) {
        for dialog in &mut self.open {
            dialog.renew(state);
        }
    }

    /// Lets the topmost carry an action out. Returns the action that is left to
    /// be carried out below it.
    pub(in crate::tui) fn act(
        &mut self,
        action: Action,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Option<Action> {
        self.with_top(|top| top.act(action, state, commands))
    }

    /// Hands a typed key to the topmost.
    pub(in crate::tui) fn typed(
        &mut self,
        key: KeyEvent,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Option<Action> {
        self.with_top(|top| top.typed(key, state, commands))
    }

    /// Hands pasted text to the topmost.
    pub(in crate::tui) fn pasted(
        &mut self,
        text: &str,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Option<Action> {
        self.with_top(|top| top.pasted(text, state, commands))
    }

    /// Hands a press of the left button to the topmost.
    pub(in crate::tui) fn pressed(
        &mut self,
        at: Position,
        is_double: bool,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Option<Action> {
        let press = Press {
            at,
            is_double,
            screen: Rect::from((Position::ORIGIN, state.size)),
        };
        self.with_top(|top| top.pressed(press, state, commands))
    }

    fn with_top(&mut self, ask: impl FnOnce(&mut dyn Dialog) -> Answer) -> Option<Action> {
        match ask(self.open.last_mut()?.as_mut()) {
            Answer::Stay => None,
            Answer::Close => {
                self.open.pop();
                None
            }
            Answer::Open(dialog) => {
                self.open.push(dialog);
                None
            }
            Answer::Perform(action) => {
                self.open.pop();
                Some(action)
            }
        }
    }

    /// Returns a view of the state as these dialogs cover it.
    pub fn view<'a>(&'a self, state: &'a State, theme: &'a Theme, glyphs: Glyphs) -> View<'a> {
        let covered = self.open.last().map(|top| Covered {
            contexts: top.contexts(),
            line: top.line(state),
        });
        View {
            covered,
            ..View::new(state, theme, glyphs)
        }
    }

    /// Draws the whole screen with the dialogs on it.
    pub fn render(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        views::render(view, area, buf);
        if Layout::is_too_small(view.state) {
            return;
        }
        for dialog in &self.open {
            dialog.render(view, area, buf);
        }
    }
}
