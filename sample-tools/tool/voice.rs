//! Tools that print: a word, a progress line, a lot, or far too much.

use super::{Arguments, Exit, SampleToolError, Streams};

/// Prints a text, after a while if asked.
pub(super) fn echo(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let text = arguments.needed("text")?;
    let wait = arguments.millis("ms", 0)?;
    arguments.finish()?;
    std::thread::sleep(wait);
    writeln!(streams.stdout, "{text}").map_err(SampleToolError::Output)?;
    Ok(0)
}

/// Prints a text on standard error, line by line, and succeeds.
pub(super) fn complain(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let text = arguments.needed("text")?;
    let lines = arguments.number("lines", 1, 1_000_000)?;
    arguments.finish()?;
    for line in 1..=lines {
        writeln!(streams.stderr, "{line}: {text}").map_err(SampleToolError::Output)?;
    }
    Ok(0)
}

/// Rewrites one line with carriage returns, as progress bars do, and closes
/// with a line that stays.
pub(super) fn progress(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let steps = arguments.number("steps", 40, 100_000)?.max(1);
    let time = arguments.millis("ms", 4_000)?;
    let label = arguments
        .text("label")?
        .unwrap_or_else(|| "test".to_owned());
    arguments.finish()?;
    let pause = time / u32::try_from(steps).unwrap_or(u32::MAX);
    for step in 1..=steps {
        std::thread::sleep(pause);
        let filled = usize::try_from(step * 20 / steps).unwrap_or(20);
        write!(
            streams.stdout,
            "\r[{:<20}] {label} {step}/{steps}",
            "=".repeat(filled)
        )
        .and_then(|()| streams.stdout.flush())
        .map_err(SampleToolError::Output)?;
    }
    writeln!(streams.stdout, "\n{steps} of {steps} passed").map_err(SampleToolError::Output)?;
    Ok(0)
}

/// Prints a line now and then, every fifth of them on standard error.
pub(super) fn chatter(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let lines = arguments.number("lines", 40, 10_000_000)?;
    let time = arguments.millis("ms", 4_000)?;
    arguments.finish()?;
    let pause = time / u32::try_from(lines.max(1)).unwrap_or(u32::MAX);
    for line in 1..=lines {
        std::thread::sleep(pause);
        let said = if line % 5 == 0 {
            writeln!(streams.stderr, "warning: {}", super::corpus::sentence(line))
        } else {
            writeln!(streams.stdout, "{line}: {}", super::corpus::sentence(line))
                .and_then(|()| streams.stdout.flush())
        };
        said.map_err(SampleToolError::Output)?;
    }
    Ok(0)
}

/// Bytes that [`flood`] hands over at once.
const PIECE: usize = 256 * 1024;

/// Prints as many bytes as asked, as fast as they are taken: numbered lines of
/// 64 bytes, or one line without an end. The last bytes are always `the end`.
pub(super) fn flood(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    const END: &[u8] = b"the end";
    let bytes = arguments.number("bytes", 1 << 20, 1 << 40)?;
    let one_line = arguments.is_set("one-line")?;
    arguments.finish()?;
    let mut line = vec![b'0'; 64];
    line[63] = if one_line { b'.' } else { b'\n' };
    let mut left = bytes.saturating_sub(END.len() as u64);
    let mut piece = Vec::with_capacity(PIECE);
    while left > 0 {
        piece.clear();
        while piece.len() < PIECE {
            piece.extend_from_slice(&line);
            count_up(&mut line[..63]);
        }
        let take = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let part = piece.get(..take).unwrap_or(&piece);
        streams
            .stdout
            .write_all(part)
            .map_err(SampleToolError::Output)?;
        left -= take as u64;
    }
    streams
        .stdout
        .write_all(END)
        .map_err(SampleToolError::Output)?;
    Ok(0)
}

/// Adds one to a number written in decimal digits.
fn count_up(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;

    #[test]
    fn a_flood_has_the_asked_size_and_its_end() {
        let (code, printed, _) = outcome("flood", &["--bytes", "300000"]);
        assert_eq!((code, printed.len()), (0, 300_000));
        assert!(printed.contains(&format!("\n{:063}\n", 4_123)));
        assert!(printed.ends_with("the end"));
        let (_, printed, _) = outcome("flood", &["--bytes", "300000", "--one-line", "true"]);
        assert_eq!((printed.len(), printed.lines().count()), (300_000, 1));
        assert!(printed.ends_with("the end"));
    }

    #[test]
    fn progress_rewrites_its_line() {
        let (code, printed, _) = outcome("progress", &["--steps", "2", "--ms", "0"]);
        assert_eq!(code, 0);
        assert_eq!(
            printed,
            "\r[==========          ] test 1/2\r[====================] test 2/2\n2 of 2 passed\n"
        );
    }

    #[test]
    fn chatter_uses_both_streams() {
        let (_, printed, remarks) = outcome("chatter", &["--lines", "10", "--ms", "0"]);
        assert_eq!((printed.lines().count(), remarks.lines().count()), (8, 2));
    }
}
