//! The terminal that the program stands on: whether there is one, and writing
//! untrusted bytes to it. A terminal gets sanitised text, a file the exact bytes.

use std::io::{self, BufWriter, IsTerminal, Write};

use super::colour::ColourOptions;
use crate::output::{Colours, SafeWriter};
use crate::theme::Depth;

/// Returns standard output, buffered. A terminal gets sanitised text; what
/// follows the last line feed reaches it when the writer is dropped.
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

/// Returns whether a dashboard can be drawn and steered here.
pub(super) fn is_terminal() -> bool {
    let term = std::env::var_os("TERM").unwrap_or_default();
    let is_dumb = term.is_empty() || term == "dumb";
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
}

/// Returns whether tools may colour what they print.
fn colours() -> Colours {
    match ColourOptions::default().depth_of_stdout() {
        None | Some(Depth::Mono) => Colours::Left,
        Some(_) => Colours::Kept,
    }
}
