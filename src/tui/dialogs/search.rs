//! The field for a pattern to search the output for, or the messages about a
//! call, in the line of messages.

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
    /// Whether the messages are searched, and not the output.
    is_of_messages: bool,
}

impl SearchPrompt {
    /// Asks for a pattern in place of the one that is searched for.
    pub(in crate::tui) fn new(state: &mut State) -> Self {
        let is_of_messages = state.reads_messages();
        if !is_of_messages {
            state.begin_find();
        }
        Self {
            field: TextField::single_line(),
            is_of_messages,
        }
    }

    fn find(&self, state: &mut State) {
        let text = self.field.text();
        if self.is_of_messages {
            state.find_message(&text);
        } else {
            state.find(&text);
        }
    }
}

impl Dialog for SearchPrompt {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Line]
    }

    fn act(&mut self, action: Action, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if self.is_of_messages {
            if action == Action::Close {
                state.find_message("");
            }
        } else if action == Action::Close {
            state.cancel_find();
        } else if self.field.text().is_empty() {
            // What was searched for before is searched for again.
            state.find_next(Direction::Forward);
        }
        Answer::Close
    }

    fn typed(&mut self, key: KeyEvent, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.key(key);
        self.find(state);
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.paste(text);
        self.find(state);
        Answer::Stay
    }

    fn line<'a>(&'a self, state: &State) -> Option<InputLine<'a>> {
        let find = &state.output.find;
        let messages = self.is_of_messages.then_some(&state.servers.find);
        let prompt = match messages {
            Some(_) => "search the messages: ",
            None if find.is_filter => "only lines with: ",
            None => "search: ",
        };
        let problem = match messages {
            Some(messages) => messages.problem(),
            None => find.problem(),
        };
        let note = match problem {
            Some(problem) => {
                let problem = Piece::from(Safe::new(&problem.to_string()));
                Some((problem, Role::ToastWarn))
            }
            None if self.is_of_messages => {
                let figures = state.message_figures();
                figures.map(|figures| (figures, Role::Accent))
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
