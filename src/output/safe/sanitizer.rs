//! Writes the text of one line, character by character, within a bound.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::invisible::{Shape, shape};
use super::sgr::Pen;
use super::style::{Span, TextStyle};

/// Marks that may follow the character they belong to.
const MOST_MARKS: usize = 8;
/// Bytes of one cluster: a character with its marks.
const LONGEST_CLUSTER: usize = 32;
/// Columns between tab stops.
const TAB: usize = 8;
/// Bytes kept free for the count of what was left out of a cluster.
const RESERVE: usize = 24;

/// A line being written.
#[derive(Debug)]
pub(super) struct Sanitizer {
    pub(super) text: String,
    pub(super) spans: Vec<Span>,
    limit: usize,
    pen: Pen,
    /// Where the last cluster starts.
    cluster: usize,
    /// Characters left out of the last cluster.
    left_out: usize,
    /// How far the width has been measured, and the columns up to there.
    measured: (usize, usize),
    /// Whether nothing is obeyed: escape sequences, tabs and bytes that are no
    /// text are named.
    is_literal: bool,
}

impl Sanitizer {
    /// A line of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            spans: Vec::new(),
            limit,
            pen: Pen::default(),
            cluster: 0,
            left_out: 0,
            measured: (0, 0),
            is_literal: false,
        }
    }

    /// A line that obeys nothing.
    pub(super) fn literal(limit: usize) -> Self {
        Self {
            is_literal: true,
            ..Self::new(limit)
        }
    }

    /// A line that goes on from another one, with its colours.
    pub(super) fn continued(limit: usize, pen: Pen) -> Self {
        Self {
            pen,
            ..Self::new(limit)
        }
    }

    /// Style of the text that follows.
    pub(super) fn pen(&self) -> Pen {
        self.pen
    }

    /// Allows the line to grow to `limit` bytes.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Writes untrusted bytes. Returns how many of them found room.
    pub(super) fn write(&mut self, raw: &[u8]) -> usize {
        let mut done = 0;
        for chunk in raw.utf8_chunks() {
            let written = self.write_text(chunk.valid());
            done += written;
            if written < chunk.valid().len() {
                return done;
            }
            let is_room = match chunk.invalid() {
                [] => true,
                bytes if self.is_literal => self.hexadecimal(bytes),
                [byte @ 0x80..=0x9f] => self.number(char::from(*byte)),
                _ => self.character('\u{fffd}'),
            };
            if !is_room {
                return done;
            }
            done += chunk.invalid().len();
        }
        done
    }

    fn write_text(&mut self, text: &str) -> usize {
        let mut done = 0;
        while let Some(rest) = text.get(done..).filter(|rest| !rest.is_empty()) {
            let plain = rest
                .bytes()
                .take_while(|byte| matches!(byte, b' '..=b'~'))
                .count();
            let step = if plain > 0 {
                self.plain(rest.get(..plain).unwrap_or_default())
            } else if let Some(length) = self.obey(rest) {
                length
            } else {
                let character = rest.chars().next().unwrap_or_default();
                if self.any(character) {
                    character.len_utf8()
                } else {
                    0
                }
            };
            done += step;
            if step == 0 || plain > step {
                break;
            }
        }
        done
    }

    /// Follows a sequence for colours, unless nothing is obeyed.
    fn obey(&mut self, rest: &str) -> Option<usize> {
        if self.is_literal {
            return None;
        }
        self.pen.obey(rest)
    }

    /// Names bytes that are no text.
    fn hexadecimal(&mut self, bytes: &[u8]) -> bool {
        let names = bytes.iter().fold(String::new(), |mut names, byte| {
            let _never_fails = write!(names, "<{byte:02X}>");
            names
        });
        self.marker(&names)
    }

    /// Writes printable ASCII. Returns how many bytes found room.
    fn plain(&mut self, text: &str) -> usize {
        self.end_cluster();
        let room = self.limit.saturating_sub(self.text.len() + RESERVE);
        let text = text.get(..room.min(text.len())).unwrap_or_default();
        if !text.is_empty() {
            self.text.push_str(text);
            self.cluster = self.text.len() - 1;
            self.extend_span(self.pen.style());
        }
        text.len()
    }

    fn any(&mut self, character: char) -> bool {
        match shape(character) {
            Shape::Plain => self.character(character),
            Shape::Caret('I') if !self.is_literal => self.tab(),
            Shape::Caret(letter) => self.marker(&format!("^{letter}")),
            Shape::Number => self.number(character),
            Shape::Selector if self.text.is_empty() || self.is_literal => self.number(character),
            Shape::Selector => true,
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.text.len() + bytes + RESERVE <= self.limit
    }

    /// Writes a character that may be shown, or leaves it out where its
    /// cluster is full.
    fn character(&mut self, character: char) -> bool {
        if self.joins(character) {
            let cluster = self.text.len() - self.cluster;
            let marks = self
                .text
                .get(self.cluster..)
                .map_or(0, |text| text.chars().count());
            let is_full = self.left_out > 0
                || marks > MOST_MARKS
                || cluster + character.len_utf8() >= LONGEST_CLUSTER;
            if is_full {
                self.left_out += 1;
                return true;
            }
            if !self.has_room(character.len_utf8()) {
                return false;
            }
            self.text.push(character);
            if let Some(span) = self.spans.last_mut() {
                span.end = self.text.len();
            }
            return true;
        }
        // A mark with nothing to stand on would change whatever a screen shows
        // before the text.
        let is_loose = self.text.is_empty() && character.width() == Some(0);
        if !self.has_room(2 * 4) {
            return false;
        }
        self.end_cluster();
        self.cluster = self.text.len();
        if is_loose {
            self.text.push('\u{25cc}');
        }
        self.text.push(character);
        self.extend_span(self.pen.style());
        true
    }

    /// Whether a character would be part of the last cluster. ASCII never is
    /// taken to be: the signs of some scripts that precede a number would else
    /// take in the count of what is left out of them.
    fn joins(&mut self, character: char) -> bool {
        let Some(cluster) = self.text.get(self.cluster..) else {
            return false;
        };
        if cluster.is_empty() || character.is_ascii() {
            return false;
        }
        let length = self.text.len();
        self.text.push(character);
        let joined = self.text.get(self.cluster..).unwrap_or_default();
        let is_one = joined.graphemes(true).nth(1).is_none();
        self.text.truncate(length);
        is_one
    }

    /// Closes the last cluster, with a count of what was left out of it.
    fn end_cluster(&mut self) {
        if self.left_out > 0 {
            let note = format!("<+{}>", self.left_out);
            self.left_out = 0;
            self.text.push_str(&note);
            self.extend_span(TextStyle::MARKER);
        }
    }

    fn number(&mut self, character: char) -> bool {
        self.marker(&format!("<U+{:04X}>", character as u32))
    }

    /// Writes what stands for something that cannot be shown, whole or not at
    /// all.
    fn marker(&mut self, text: &str) -> bool {
        let is_room = self.has_room(text.len());
        if is_room {
            self.add_marker(text);
        }
        is_room
    }

    /// Writes our own text, also beyond the limit.
    pub(super) fn add_marker(&mut self, text: &str) {
        self.end_cluster();
        self.text.push_str(text);
        self.cluster = self.text.len().saturating_sub(1);
        self.extend_span(TextStyle::MARKER);
    }

    fn tab(&mut self) -> bool {
        self.end_cluster();
        let (from, columns) = self.measured;
        let column = columns + self.text.get(from..).map_or(0, UnicodeWidthStr::width);
        let spaces = TAB - column % TAB;
        if !self.has_room(spaces) {
            return false;
        }
        self.text.extend(std::iter::repeat_n(' ', spaces));
        self.cluster = self.text.len() - 1;
        self.measured = (self.text.len(), column + spaces);
        self.extend_span(self.pen.style());
        true
    }

    /// Gives what was written since the last span this look.
    fn extend_span(&mut self, style: TextStyle) {
        let end = self.text.len();
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.end = end,
            _ => self.spans.push(Span { end, style }),
        }
    }

    /// Closes the line.
    pub(super) fn finish(mut self) -> (String, Vec<Span>) {
        self.end_cluster();
        (self.text, self.spans)
    }
}
