//! Search in the output: its pattern and its progress.

use crate::model::CallId;
use crate::output::{Direction, Pattern, PatternError, Position, Streams};

/// Search in the output.
#[derive(Debug, Default)]
pub struct Find {
    text: String,
    pub(super) pattern: Option<Pattern>,
    problem: Option<PatternError>,
    /// Grows with every pattern.
    pub(super) revision: u64,
    /// Whether only matching lines are shown.
    pub is_filter: bool,
    /// The place of the match that was found last.
    pub at: Option<u64>,
    /// The search that is under way.
    pub search: Option<MatchSearch>,
    pub(super) match_count: Option<(MatchCountKey, MatchCount)>,
    /// Where the pane stood before the pattern was typed.
    pub(super) before: Option<(Position, usize)>,
}

/// A search for the next match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchSearch {
    /// From which place on.
    pub from: u64,
    /// Which way.
    pub direction: Direction,
    /// Whether it has passed the end and gone on at the other one.
    pub has_turned: bool,
}

/// Whose matches are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchCountKey {
    /// The call.
    pub call: CallId,
    /// Its streams.
    pub streams: Streams,
    /// The pattern, by its number.
    pub revision: u64,
}

/// How many lines match, as far as they have been looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatchCount {
    /// Matching lines.
    pub total: u64,
    /// Number of them before the one that was found last.
    pub before: u64,
    /// The match that `before` belongs to.
    pub at: Option<u64>,
    /// Whether all there was has been looked at.
    pub is_whole: bool,
    /// Whether there are more than are counted.
    pub is_full: bool,
    /// How far the output had grown.
    pub generation: u64,
}

impl Find {
    /// Returns the typed text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the pattern, if the text is a valid one.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }

    /// Why it is none.
    pub fn problem(&self) -> Option<&PatternError> {
        self.problem.as_ref()
    }

    /// Matches counted so far.
    pub fn match_count(&self) -> MatchCount {
        self.match_count
            .map(|(_, match_count)| match_count)
            .unwrap_or_default()
    }

    pub(super) fn count(&mut self, of: MatchCountKey, match_count: MatchCount) {
        self.match_count = Some((of, match_count));
    }

    /// Forgets where the last match was.
    pub(super) fn leave(&mut self) {
        self.at = None;
        self.search = None;
        self.before = None;
    }

    /// Searches for nothing any more.
    pub(super) fn clear(&mut self) {
        self.set("");
        self.is_filter = false;
    }

    pub(super) fn set(&mut self, text: &str) {
        if self.text == text {
            return;
        }
        text.clone_into(&mut self.text);
        self.revision += 1;
        self.match_count = None;
        self.at = None;
        self.search = None;
        (self.pattern, self.problem) = match text {
            "" => (None, None),
            text => match Pattern::regex(text) {
                Ok(pattern) => (Some(pattern), None),
                Err(problem) => (None, Some(problem)),
            },
        };
    }
}
