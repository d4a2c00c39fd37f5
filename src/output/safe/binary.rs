//! Bytes that are no text.

use std::fmt::Write;

/// Bytes that are shown of a line that is no text.
const SHOWN: usize = 32;
/// Fewer invalid sequences than this are taken for text in another encoding.
const LEAST_INVALID: usize = 16;

/// Whether a line, as far as it was read, is no text: it holds a NUL, or more
/// than a tenth of it is not UTF-8.
pub(super) fn is_binary(raw: &[u8]) -> bool {
    if memchr::memchr(0, raw).is_some() {
        return true;
    }
    if raw.is_ascii() {
        return false;
    }
    let invalid: usize = raw.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    invalid >= LEAST_INVALID && invalid * 10 > raw.len()
}

/// Text shown in place of binary bytes: their number and the first of them.
pub(super) fn summary(raw: &[u8], length: u64) -> String {
    let mut text = format!("<binary, {length} bytes:");
    let first = &raw[..raw.len().min(SHOWN)];
    for byte in first {
        // Writing to a string cannot fail.
        let _ = write!(text, " {byte:02x}");
    }
    let more = if length > first.len() as u64 {
        " …"
    } else {
        ""
    };
    let letters: String = first
        .iter()
        .map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        })
        .collect();
    let _ = write!(text, "{more} |{letters}|>");
    text
}
