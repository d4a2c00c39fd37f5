//! Search in the messages about a call.
//!
//! The rows of a text are made again for every frame: only then is it known in
//! which of them a match stands.

use std::cell::Cell;

use crate::output::{Pattern, PatternError};

/// Search in the messages about a call.
#[derive(Debug, Clone, Default)]
pub struct MessageFind {
    pattern: Option<Pattern>,
    problem: Option<PatternError>,
    /// Match that was gone to, from 0.
    pub(super) at: usize,
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

    pub(super) fn set(&mut self, text: &str) {
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

    pub(super) fn step(&mut self, by: isize, count: usize) {
        let count = count.max(1);
        self.at = (self.at.min(count - 1) + count).saturating_add_signed(by) % count;
        self.is_due.set(true);
    }
}
