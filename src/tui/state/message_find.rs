//! Search in the messages about a call.
//!
//! The rows of a text are made again for every frame: only then is it known in
//! which of them a match stands.

use std::cell::Cell;

use super::{Pane, State};
use crate::output::{Pattern, PatternError};
use crate::tui::text::{Piece, figure};

/// Search in the messages about a call.
#[derive(Debug, Clone, Default)]
pub struct MessageFind {
    pattern: Option<Pattern>,
    problem: Option<PatternError>,
    /// Match that was gone to, from 0.
    at: usize,
    /// Whether it is still to be brought into sight.
    is_due: Cell<bool>,
}

impl MessageFind {
    /// Returns what is searched for, if it can be.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }

    /// Why it cannot be searched for.
    pub fn problem(&self) -> Option<&PatternError> {
        self.problem.as_ref()
    }

    /// Returns the row that is to be brought into sight, of those in which a
    /// match begins.
    pub fn take_due(&self, found: &[usize]) -> Option<usize> {
        let row = found.get(self.at).or(found.last()).copied();
        row.filter(|_| self.is_due.take())
    }

    fn set(&mut self, text: &str) {
        *self = Self {
            is_due: Cell::new(true),
            ..Self::default()
        };
        match Pattern::regex(text) {
            _ if text.is_empty() => {}
            Ok(pattern) => self.pattern = Some(pattern),
            Err(problem) => self.problem = Some(problem),
        }
    }

    fn step(&mut self, by: isize, count: usize) {
        let count = count.max(1);
        self.at = (self.at.min(count - 1) + count).saturating_add_signed(by) % count;
        self.is_due.set(true);
    }
}

impl State {
    /// Whether the pane with the keys shows the messages about a call.
    pub fn reads_messages(&self) -> bool {
        let log = &self.servers.log;
        let is_of = log.of.1.is_some() && log.of.1 == self.selection.call();
        matches!(self.focus, Pane::Messages | Pane::Detail) && is_of && log.messages.is_some()
    }

    /// Searches the messages for what has been typed so far.
    pub fn find_message(&mut self, text: &str) {
        self.servers.find.set(text);
    }

    /// Goes to another match in the messages; whether they are searched.
    pub fn step_message(&mut self, by: isize) -> bool {
        let is_searched = self.reads_messages() && self.servers.find.pattern.is_some();
        if is_searched {
            let count = self.message_matches();
            self.servers.find.step(by, count);
        }
        is_searched
    }

    /// Returns which match in the messages is shown, of how many.
    pub fn message_figures(&self) -> Option<Piece<'static>> {
        self.servers.find.pattern()?;
        let count = self.message_matches();
        let at = (self.servers.find.at + 1).min(count);
        Some(figure::count(at).then("/").then(figure::count(count)))
    }

    fn message_matches(&self) -> usize {
        let Some(pattern) = self.servers.find.pattern() else {
            return 0;
        };
        let log = &self.servers.log;
        let messages = log.messages.iter().flatten().chain(&log.handshake);
        let pieces = messages.flat_map(|message| &message.text);
        pieces.map(|piece| pattern.find_in(piece).len()).sum()
    }
}
