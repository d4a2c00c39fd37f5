//! Lines that were rewritten by carriage returns, as progress bars do.

/// The last state of a line: what stands after its last carriage return that
/// something followed.
pub(super) fn last_state(line: &[u8]) -> &[u8] {
    let line = &line[..line.len() - trailing_returns(line)];
    match memchr::memrchr(b'\r', line) {
        Some(last) => &line[last + 1..],
        None => line,
    }
}

/// How many carriage returns stand at the end of a line.
pub(super) fn trailing_returns(line: &[u8]) -> usize {
    line.iter().rev().take_while(|byte| **byte == b'\r').count()
}

/// Whether something stands after a carriage return.
pub(super) fn is_rewritten(line: &[u8]) -> bool {
    memchr::memchr(b'\r', line).is_some_and(|at| line[at..].iter().any(|byte| *byte != b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_state_wins() {
        assert_eq!(last_state(b"10%\r20%\r30%"), b"30%");
        assert_eq!(last_state(b"done\r"), b"done");
        assert_eq!(last_state(b"10%\r100%\r\r"), b"100%");
        assert_eq!(last_state(b""), b"");
        assert_eq!(last_state(b"\r"), b"");
    }
}
