//! Text that a terminal may be shown, whatever its author intended.
//!
//! [`Safe`] is the one type of text that widgets accept. Escape sequences are
//! not obeyed but for SGR, from which colours and attributes are kept as
//! spans; every other control character, and every character that would be
//! invisible or would reorder its neighbours, is replaced by text that names
//! it. Nothing is left out without a count.

mod binary;
mod invisible;
mod sanitizer;
mod sgr;
mod style;
mod writer;

use std::fmt;

use unicode_width::UnicodeWidthStr;

use self::sanitizer::Sanitizer;
use self::style::Span;
pub use self::style::{Attributes, Colour, Origin, TextStyle};
pub use self::writer::{Colours, SafeWriter};

/// Bytes of text in one [`Safe`]; the rest is folded into a count.
pub const LONGEST_TEXT: usize = 4096;
/// Bytes of a folded line that are shown of its beginning and of its end.
const FOLDED_HEAD: usize = 3000;
const FOLDED_TAIL: usize = 1000;
/// Raw bytes at the end of a folded line that are considered first. One byte
/// becomes at most eight (`<U+0080>`), so that the last try always fits.
const TAIL_TRIES: [usize; 4] = [900, 450, 225, 110];

/// One line of text without any control character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Safe {
    text: Box<str>,
    spans: Box<[Span]>,
}

impl Safe {
    /// Makes one line of a text that may hold anything. A line feed in it
    /// becomes `^J`: use [`Safe::lines`] where several lines are meant.
    pub fn new(text: &str) -> Self {
        Self::from_bytes(text.as_bytes())
    }

    /// Makes one line of bytes that may hold anything.
    pub fn from_bytes(raw: &[u8]) -> Self {
        Self::of_line(raw, &[], 0)
    }

    /// Makes a line of each line of a text.
    pub fn lines(text: &str) -> impl Iterator<Item = Self> {
        text.lines().map(Self::new)
    }

    /// Makes a line of its beginning (or all of it), its end, and the number
    /// of bytes between the two that the caller did not read.
    pub(super) fn of_line(head: &[u8], tail: &[u8], skipped: u64) -> Self {
        let length = head.len() as u64 + skipped + tail.len() as u64;
        if binary::is_binary(head) {
            let mut sanitizer = Sanitizer::new(LONGEST_TEXT);
            sanitizer.add_marker(&binary::summary(head, length));
            return Self::finish(sanitizer);
        }
        Self::folded((head, tail), skipped, Sanitizer::new)
    }

    /// Makes a line that names every byte which is no text, of its beginning
    /// (or all of it), its end, and the number of bytes between the two.
    pub(super) fn of_bytes(head: &[u8], tail: &[u8], skipped: u64) -> Self {
        Self::folded((head, tail), skipped, Sanitizer::literal)
    }

    fn folded(
        (head, tail): (&[u8], &[u8]),
        skipped: u64,
        sanitizer: fn(usize) -> Sanitizer,
    ) -> Self {
        let length = head.len() as u64 + skipped + tail.len() as u64;
        let mut whole = sanitizer(LONGEST_TEXT);
        if skipped == 0 && tail.is_empty() && whole.write(head) == head.len() {
            return Self::finish(whole);
        }
        let new = sanitizer;
        let mut sanitizer = new(FOLDED_HEAD);
        let shown = sanitizer.write(head);
        let rest = [&head[shown..], tail].concat();
        for limit in TAIL_TRIES {
            let end = end_of(&rest, limit);
            let mut trial = new(FOLDED_TAIL);
            if trial.write(end) == end.len() {
                let folded = length - shown as u64 - end.len() as u64;
                if folded > 0 {
                    sanitizer.add_marker(&format!(" …<{folded} bytes>… "));
                }
                sanitizer.set_limit(LONGEST_TEXT);
                sanitizer.write(end);
                break;
            }
        }
        Self::finish(sanitizer)
    }

    /// Makes a line of the program.s own words about hidden bytes.
    pub(super) fn marker(text: &str) -> Self {
        let mut sanitizer = Sanitizer::new(LONGEST_TEXT);
        sanitizer.add_marker(text);
        Self::finish(sanitizer)
    }

    fn finish(sanitizer: Sanitizer) -> Self {
        let (text, spans) = sanitizer.finish();
        let is_plain = matches!(
            &*spans,
            [] | [Span {
                style: TextStyle {
                    foreground: None,
                    background: None,
                    attributes: Attributes::NONE,
                    origin: Origin::Shown
                },
                ..
            }]
        );
        Self {
            text: text.into(),
            spans: if is_plain {
                Box::default()
            } else {
                spans.into()
            },
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Columns it takes on a terminal.
    pub fn width(&self) -> usize {
        self.text.width()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The pieces of the text that look alike, in order. No piece begins
    /// inside a cluster.
    pub fn spans(&self) -> impl Iterator<Item = (&str, TextStyle)> {
        let whole = Span {
            end: self.text.len(),
            style: TextStyle::default(),
        };
        let whole = self.spans.is_empty().then_some(whole);
        let mut start = 0;
        self.spans
            .iter()
            .copied()
            .chain(whole)
            .filter_map(move |span| {
                let piece = self.text.get(start..span.end)?;
                start = span.end;
                (!piece.is_empty()).then_some((piece, span.style))
            })
    }
}

/// The last `limit` bytes, from the first character that begins there.
fn end_of(raw: &[u8], limit: usize) -> &[u8] {
    let from = raw.len().saturating_sub(limit);
    let is_continuation = |byte: &&u8| (0x80..0xc0).contains(*byte);
    let broken = if from == 0 {
        0
    } else {
        raw[from..]
            .iter()
            .take(3)
            .take_while(is_continuation)
            .count()
    };
    &raw[from + broken..]
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
