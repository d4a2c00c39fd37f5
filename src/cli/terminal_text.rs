//! Untrusted bytes on their way to a stream: sanitised where it is a terminal,
//! exact where it is not.

use std::io::{self, BufWriter, IsTerminal, Write};

use super::colour::ColourOptions;
use crate::output::{Colours, SafeWriter};
use crate::theme::Depth;

/// Standard output, buffered. A terminal gets sanitised text; what follows the
/// last line feed reaches it when the writer is dropped.
pub(super) fn stdout() -> Box<dyn Write> {
    let out = io::stdout();
    if out.is_terminal() {
        Box::new(SafeWriter::new(BufWriter::new(out.lock()), colours()))
    } else {
        Box::new(BufWriter::new(out.lock()))
    }
}

/// Writes `bytes`; a terminal gets sanitised text.
pub(super) fn write(bytes: &[u8], is_terminal: bool, out: &mut impl Write) -> io::Result<()> {
    if !is_terminal {
        return out.write_all(bytes);
    }
    let mut safe = SafeWriter::new(out, colours());
    safe.write_all(bytes)?;
    safe.finish()
}

/// Whether tools may colour what they print.
fn colours() -> Colours {
    match ColourOptions::default().depth_of_stdout() {
        None | Some(Depth::Mono) => Colours::Left,
        Some(_) => Colours::Kept,
    }
}
