//! Searching files for a text.

use std::fs;

use super::files::files_under;
use super::place::Place;
use super::{Arguments, Exit, SampleToolError, Streams};

/// Larger files are left out, and said to be.
const MOST_BYTES: u64 = 8 << 20;

/// Prints each line that holds the pattern, a plain text, with its file and
/// number. Finding nothing is a success with no output.
pub(super) fn search(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let pattern = arguments.needed("pattern")?;
    let place = Place::find(arguments.text("path")?.unwrap_or_else(|| ".".to_owned()))?;
    let most = arguments.number("max", 200, 1_000_000)?;
    let pause = arguments.millis("pause_ms", 0)?;
    arguments.finish()?;

    let mut found = 0;
    for file in files_under(&place.path)? {
        std::thread::sleep(pause);
        let shown = place.shown(&file);
        let size = fs::metadata(&file)
            .map_err(SampleToolError::file(&file))?
            .len();
        if size > MOST_BYTES {
            writeln!(streams.stderr, "left out, {size} bytes: {shown}")
                .map_err(SampleToolError::Output)?;
            continue;
        }
        let bytes = fs::read(&file).map_err(SampleToolError::file(&file))?;
        let text = String::from_utf8_lossy(&bytes);
        for (index, line) in text.lines().enumerate() {
            if !line.contains(&pattern) {
                continue;
            }
            if found == most {
                writeln!(streams.stderr, "stopped after {most} lines")
                    .map_err(SampleToolError::Output)?;
                return Ok(0);
            }
            found += 1;
            writeln!(streams.stdout, "{shown}:{}: {}", index + 1, line.trim())
                .map_err(SampleToolError::Output)?;
        }
        streams.stdout.flush().map_err(SampleToolError::Output)?;
    }
    Ok(0)
}
