//! Patterns of searches: plain text or a regular expression.

use std::io::Write;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::progress::last_state;
use super::{Colours, LONGEST_TEXT, Safe, SafeWriter};

/// A pattern that lines may match: a regular expression or a plain text,
/// without regard to case unless it holds a capital letter. The time of a
/// search grows with the length of the text alone (`regex` has no
/// backtracking); the memory of a pattern is bounded.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    source: Box<str>,
}

/// Patterns are the same where they were written the same.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

/// A text is no regular expression, or too large a one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a regular expression: {0}")]
pub struct PatternError(String);

/// Bytes a compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;
/// Matches that are told for one line.
const MOST_MATCHES: usize = 256;

impl Pattern {
    /// A regular expression. `^` and `$` stand for the ends of a line.
    pub fn regex(source: &str) -> Result<Self, PatternError> {
        let regex = RegexBuilder::new(source)
            .multi_line(true)
            .case_insensitive(!source.chars().any(char::is_uppercase))
            .size_limit(PATTERN_BYTES)
            .dfa_size_limit(PATTERN_BYTES)
            .build()
            .map_err(|error| PatternError(last_line(&error.to_string())))?;
        Ok(Self {
            regex,
            source: source.into(),
        })
    }

    /// A plain text.
    pub fn text(source: &str) -> Result<Self, PatternError> {
        let pattern = Self::regex(&regex::escape(source))?;
        Ok(Self {
            source: source.into(),
            ..pattern
        })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a match may be of any length.
    pub fn is_open_ended(&self) -> bool {
        self.regex.as_str().contains(['*', '+', '{'])
    }

    /// Where a line matches, as byte ranges of its text; at most 256.
    pub fn find_in(&self, text: &Safe) -> Vec<Range<usize>> {
        let found = self.regex.find_iter(text.as_str().as_bytes());
        let found = found.filter(|one| !one.is_empty());
        found.take(MOST_MATCHES).map(|one| one.range()).collect()
    }

    /// Whether a raw line, without its newline, matches as it is shown.
    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if is_shown_as_it_is(line) {
            return self.regex.is_match(line);
        }
        let state = last_state(line);
        if state.len() <= LONGEST_TEXT {
            return self
                .regex
                .is_match(Safe::from_bytes(state).as_str().as_bytes());
        }
        let mut text = Vec::new();
        let mut writer = SafeWriter::new(&mut text, Colours::Left);
        let written = writer.write_all(state).and_then(|()| writer.finish());
        drop(writer);
        // Writing into memory cannot fail.
        written.is_ok() && self.regex.is_match(&text)
    }

    /// Whether a piece of a line matches. `text` is the piece with the byte on
    /// each side where the line goes on, so that its edges are not taken for the
    /// line's ends.
    pub(super) fn is_in_piece(&self, text: &[u8], goes_on: GoesOn) -> bool {
        let start = usize::from(goes_on.before);
        if !is_shown_as_it_is(text) {
            let end = text.len() - usize::from(goes_on.after);
            return self.is_in(text.get(start..end).unwrap_or_default());
        }
        let Some(hit) = self.regex.find_at(text, start) else {
            return false;
        };
        // What ends with the piece may hold by that alone.
        let is_cut = goes_on.after && hit.end() == text.len();
        !(is_cut && self.regex.as_str().contains(['$', '\\']))
    }

    /// The first line of a region (whole lines, each with its newline) that
    /// matches at or after `from`, as the position of its first byte.
    pub(super) fn next_in(&self, region: &[u8], mut from: usize) -> Option<usize> {
        let is_plain = is_shown_as_it_is(region);
        while from < region.len() {
            if is_plain {
                // A line that matches makes the region match.
                let hit = self.regex.find_at(region, from)?;
                from = start_of_line(region, hit.start().min(region.len() - 1));
            }
            let rest = &region[from..];
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            if self.is_in(&rest[..end]) {
                return Some(from);
            }
            from += end + 1;
        }
        None
    }
}

/// Sides on which a line goes on beyond a piece of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct GoesOn {
    pub(super) before: bool,
    pub(super) after: bool,
}

/// Whether nothing in these bytes is shown otherwise: no escape sequence and
/// no carriage return. Tabs are searched as they were printed.
fn is_shown_as_it_is(bytes: &[u8]) -> bool {
    memchr::memchr2(0x1b, b'\r', bytes).is_none()
}

fn start_of_line(region: &[u8], position: usize) -> usize {
    memchr::memrchr(b'\n', &region[..position]).map_or(0, |newline| newline + 1)
}

/// The last line of an error of `regex`, which says what is wrong.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
