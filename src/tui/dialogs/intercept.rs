//! The field for the pattern of calls that are held as they come, in the line
//! of messages.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Answer, Dialog};
use crate::engine::{AgentCommand, Command};
use crate::model::{Intercept, InterceptPattern, PatternError};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{State, ToastLevel, UiCommand};
use crate::tui::text::Piece;
use crate::tui::text::field::TextField;
use crate::tui::views::{InputLine, View};

/// The field for the pattern: Enter takes it, an empty one takes it away.
#[derive(Debug)]
pub(in crate::tui) struct InterceptPrompt {
    field: TextField,
}

impl InterceptPrompt {
    /// Asks for a pattern in place of the present one.
    pub(in crate::tui) fn new(state: &State) -> Self {
        let pattern = state.run.agents.intercept.pattern.as_ref();
        Self {
            field: TextField::line_with(pattern.map_or("", InterceptPattern::as_str)),
        }
    }

    fn read(&self) -> Result<InterceptPattern, PatternError> {
        InterceptPattern::parse(&self.field.text())
    }

    fn take(&self, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let (intercept, told) = match self.read() {
            Ok(pattern) => {
                let told = Piece::from("calls are held as they come: ");
                let told = told.then(Safe::new(pattern.as_str()));
                let intercept = Intercept {
                    pattern: Some(pattern),
                    is_on: true,
                };
                (intercept, told)
            }
            Err(PatternError::Empty) => {
                let told = Piece::from("no call is held as it comes");
                (Intercept::default(), told)
            }
            Err(_shown) => return Answer::Stay,
        };
        let command = AgentCommand::SetIntercept(intercept);
        commands.push(UiCommand::Engine(Command::Agents(command)));
        state.notify(ToastLevel::Info, told);
        Answer::Close
    }
}

impl Dialog for InterceptPrompt {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Line]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match action {
            Action::Take => self.take(state, commands),
            _ => Answer::Close,
        }
    }

    fn typed(&mut self, key: KeyEvent, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.key(key);
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.paste(text);
        Answer::Stay
    }

    fn line<'a>(&'a self, _: &State) -> Option<InputLine<'a>> {
        let note = match self.read() {
            Ok(_) => (Piece::from("held as they come"), Role::Accent),
            Err(PatternError::Empty) => {
                let examples = "mem.create_*  agent:cx1  !ro";
                (Piece::from(examples), Role::Muted)
            }
            Err(problem) => (Safe::new(&problem.to_string()).into(), Role::ToastWarn),
        };
        Some(InputLine {
            prompt: "hold calls: ",
            field: &self.field,
            note: Some(note),
        })
    }

    fn render(&self, _: &View<'_>, _: Rect, _: &mut Buffer) {}
}
