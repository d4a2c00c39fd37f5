//! The field for the filter of the lists, in the line of messages.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Answer, Dialog};
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{Screen, State, UiCommand};
use crate::tui::text::Piece;
use crate::tui::text::field::TextField;
use crate::tui::views::{InputLine, View};

/// The field for the filter: Enter keeps it, Esc takes it away.
#[derive(Debug)]
pub(in crate::tui) struct FilterPrompt {
    field: TextField,
}

impl FilterPrompt {
    /// Asks for a filter in place of the one that the screen's lists have.
    pub(in crate::tui) fn new(state: &State) -> Self {
        Self {
            field: TextField::line_with(state.filter()),
        }
    }
}

impl Dialog for FilterPrompt {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Line]
    }

    fn act(&mut self, action: Action, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if action == Action::Close {
            state.set_filter("");
        } else {
            state.settle();
            state.select_listed();
        }
        Answer::Close
    }

    fn typed(&mut self, key: KeyEvent, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.key(key);
        state.set_filter(&self.field.text());
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.paste(text);
        state.set_filter(&self.field.text());
        Answer::Stay
    }

    fn line<'a>(&'a self, state: &State) -> Option<InputLine<'a>> {
        let is_of_calls = state.screen != Screen::Catalogue;
        let is_empty = self.field.text().is_empty();
        let note = (is_of_calls && is_empty).then(|| {
            let words = "words, tool:  state:failed  reason:lock  >5s";
            (Piece::from(words), Role::Muted)
        });
        Some(InputLine {
            prompt: "filter: ",
            field: &self.field,
            note,
        })
    }

    fn render(&self, _: &View<'_>, _: Rect, _: &mut Buffer) {}
}
