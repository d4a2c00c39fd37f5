//! The field for a pattern to search the output for, in the line of messages.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Answer, Dialog};
use crate::output::{Direction, Safe};
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{State, UiCommand};
use crate::tui::text::Piece;
use crate::tui::text::field::TextField;
use crate::tui::views::{InputLine, View};

/// The field for a pattern: Enter keeps it, Esc takes it away.
#[derive(Debug)]
pub(in crate::tui) struct SearchPrompt {
    field: TextField,
}

impl SearchPrompt {
    /// Asks for a pattern in place of the one that is searched for.
    pub(in crate::tui) fn new(state: &mut State) -> Self {
        state.begin_find();
        Self {
            field: TextField::single_line(),
        }
    }
}

impl Dialog for SearchPrompt {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Line]
    }

    fn act(&mut self, action: Action, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if action == Action::Close {
            state.cancel_find();
        } else if self.field.text().is_empty() {
            // What was searched for before is searched for again.
            state.find_next(Direction::Forward);
        }
        Answer::Close
    }

    fn typed(&mut self, key: KeyEvent, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.key(key);
        state.find(&self.field.text());
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.paste(text);
        state.find(&self.field.text());
        Answer::Stay
    }

    fn line<'a>(&'a self, state: &State) -> Option<InputLine<'a>> {
        let find = &state.output.find;
        let prompt = if find.is_filter {
            "only lines with: "
        } else {
            "search: "
        };
        let note = match find.problem() {
            Some(problem) => {
                let problem = Piece::from(Safe::new(&problem.to_string()));
                Some((problem, Role::ToastWarn))
            }
            None => state.find_figures().map(|figures| {
                let is_one = figures.as_str() == "1";
                let lines = if is_one { " line" } else { " lines" };
                (figures.then(lines), Role::Accent)
            }),
        };
        Some(InputLine {
            prompt,
            field: &self.field,
            note,
        })
    }

    fn render(&self, _: &View<'_>, _: Rect, _: &mut Buffer) {}
}
