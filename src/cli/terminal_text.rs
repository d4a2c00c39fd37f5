//! Untrusted bytes on their way to a stream: sanitised where it is a terminal,
//! exact where it is not.

use std::io::{self, Write};

use crate::output::Safe;

/// Writes `bytes`; a terminal gets each line as sanitised text.
pub(super) fn write(bytes: &[u8], is_terminal: bool, out: &mut impl Write) -> io::Result<()> {
    if !is_terminal {
        return out.write_all(bytes);
    }
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        writeln!(out, "{}", Safe::from_bytes(line).as_str())?;
    }
    Ok(())
}
