//! Untrusted output on its way to a terminal beside the dashboard.

use std::io::{self, Write};

use super::super::progress::{is_rewritten, last_state, trailing_returns};
use super::binary;
use super::sanitizer::Sanitizer;
use super::sgr::Pen;
use super::style::{Attributes, Colour, TextStyle};

/// Bytes of a line that are kept until it ends; longer ones go out in pieces.
const LONGEST_PIECE: usize = 16 * 1024;
/// One byte becomes at most this many (`<U+0080>`).
const GROWTH: usize = 8;
/// How far back a place is searched where a piece may end: longer than any
/// sequence that is obeyed.
const LOOK_BACK: usize = 128;

/// Whether colours and attributes go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// As SGR sequences, written anew.
    Kept,
    /// Not at all.
    Left,
}

/// Writes lines of sanitised text, whole and without a bound on their length.
/// A line that carriage returns rewrote goes out in its last state. What
/// follows the last line feed goes out with [`SafeWriter::finish`] or when the
/// writer is dropped.
#[derive(Debug)]
pub struct SafeWriter<W: Write> {
    out: W,
    colours: Colours,
    line: Vec<u8>,
    /// Whether a piece of the line has gone out already.
    is_continued: bool,
    pen: Pen,
}

impl<W: Write> SafeWriter<W> {
    /// Writes to a terminal.
    pub fn new(out: W, colours: Colours) -> Self {
        Self {
            out,
            colours,
            line: Vec::new(),
            is_continued: false,
            pen: Pen::default(),
        }
    }

    /// Writes what follows the last line feed.
    pub fn finish(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.put(self.line.len(), "")?;
        }
        self.out.flush()
    }

    fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = LONGEST_PIECE - self.line.len();
            let near = &bytes[..room.min(bytes.len())];
            if let Some(end) = memchr::memchr(b'\n', near) {
                self.line.extend_from_slice(&bytes[..end]);
                bytes = &bytes[end + 1..];
                self.put(self.line.len(), "\n")?;
                continue;
            }
            self.line.extend_from_slice(near);
            bytes = &bytes[near.len()..];
            if self.line.len() == LONGEST_PIECE {
                self.shorten()?;
            }
        }
        Ok(())
    }

    /// Makes room in a line that is too long to be kept.
    fn shorten(&mut self) -> io::Result<()> {
        if !self.is_continued && is_rewritten(&self.line) {
            let state = last_state(&self.line);
            let returns = trailing_returns(&self.line);
            let start = self.line.len() - returns - state.len();
            self.line.drain(..start);
            return Ok(());
        }
        if trailing_returns(&self.line) == self.line.len() {
            self.line.clear();
            return Ok(());
        }
        self.put(end_of_piece(&self.line), "")
    }

    /// Sends the first `length` bytes of the line, and what ends them.
    fn put(&mut self, length: usize, end: &str) -> io::Result<()> {
        let piece = &self.line[..length];
        let returns = trailing_returns(piece);
        let state = match (self.is_continued, end.is_empty()) {
            (false, _) => last_state(piece),
            (true, false) => &piece[..length - returns],
            (true, true) => piece,
        };
        let mut sanitizer = Sanitizer::continued(LONGEST_PIECE * GROWTH, self.pen);
        if binary::is_binary(state) {
            sanitizer.add_marker(&binary::summary(state, state.len() as u64));
        } else {
            sanitizer.write(state);
        }
        self.pen = sanitizer.pen();
        let (text, spans) = sanitizer.finish();
        let mut start = 0;
        for span in &*spans {
            let piece = text.get(start..span.end).unwrap_or_default();
            start = span.end;
            match self.colours {
                Colours::Kept if span.style != TextStyle::default() => {
                    write!(self.out, "\u{1b}[{}m{piece}\u{1b}[0m", codes(&span.style))?;
                }
                _ => self.out.write_all(piece.as_bytes())?,
            }
        }
        self.line.drain(..length);
        self.is_continued = end.is_empty();
        if !self.is_continued {
            self.pen = Pen::default();
        }
        self.out.write_all(end.as_bytes())
    }
}

/// Where a long line may be cut: between two printable ASCII characters, and
/// not inside an escape sequence; where there are none, between two characters.
/// A write takes a part of its bytes at a time.
fn end_of_piece(line: &[u8]) -> usize {
    let from = line.len() - LOOK_BACK;
    let before = memchr::memchr(0x1b, &line[from..]).map_or(line.len(), |at| from + at);
    let is_plain = |i: usize| {
        line.get(i)
            .is_none_or(|byte| matches!(byte, b' '..=b'~' | 0x1b))
    };
    let mut ends = (from..=before).rev();
    ends.find(|end| is_plain(end - 1) && is_plain(*end))
        .unwrap_or_else(|| whole_characters(line))
}

/// How much of a text is left without a last character that is cut short.
fn whole_characters(text: &[u8]) -> usize {
    let cut = (1..4_usize).find(|back| {
        let at = text.len().checked_sub(*back).and_then(|at| text.get(at));
        at.is_some_and(|lead| match lead {
            0xc0..0xe0 => *back < 2,
            0xe0..0xf0 => *back < 3,
            0xf0.. => *back < 4,
            _ => false,
        })
    });
    text.len() - cut.unwrap_or(0)
}

/// The SGR parameters of a look.
fn codes(style: &TextStyle) -> String {
    let attributes = [
        (Attributes::BOLD, "1"),
        (Attributes::DIM, "2"),
        (Attributes::ITALIC, "3"),
        (Attributes::UNDERLINED, "4"),
        (Attributes::REVERSED, "7"),
        (Attributes::STRUCK, "9"),
    ];
    let attributes = attributes
        .iter()
        .filter(|(one, _)| style.attributes.contains(*one));
    let mut codes: Vec<String> = attributes.map(|(_, code)| (*code).to_owned()).collect();
    if style.origin == super::Origin::Marker {
        codes.push("2".to_owned());
    }
    codes.extend(style.foreground.map(|colour| code(colour, 30)));
    codes.extend(style.background.map(|colour| code(colour, 40)));
    codes.join(";")
}

fn code(colour: Colour, base: u8) -> String {
    match colour {
        Colour::Ansi(index @ 0..=7) => (base + index).to_string(),
        Colour::Ansi(index) => (base + 52 + index).to_string(),
        Colour::Fixed(index) => format!("{};5;{index}", base + 8),
        Colour::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue}", base + 8),
    }
}

impl<W: Write> Write for SafeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes)?;
        Ok(bytes.len())
    }

    /// Flushes whole lines; an unfinished one stays.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Drop for SafeWriter<W> {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.finish();
    }
}
