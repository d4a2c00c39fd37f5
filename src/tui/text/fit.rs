//! Measures text in cells and cuts it to a width.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Where a text that is too long loses its excess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// At its end.
    End,
    /// In its middle, so that the ends of paths stay.
    Middle,
}

/// Cells a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.width()
}

/// The text in at most `room` cells; what is cut away is replaced by
/// `ellipsis`, which is one cell wide.
pub fn fit<'t>(text: &'t str, room: usize, cut: Cut, ellipsis: &str) -> Cow<'t, str> {
    if text.len() <= room && text.is_ascii() || width(text) <= room {
        return Cow::Borrowed(text);
    }
    let Some(kept) = room.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let tail = match cut {
        Cut::End => 0,
        Cut::Middle => kept / 2,
    };
    let end = tail_of(text, tail);
    let start = head_of(text, kept - width(end));
    Cow::Owned(format!("{start}{ellipsis}{end}"))
}

fn head_of(text: &str, room: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > room {
            return text.get(..at).unwrap_or("");
        }
    }
    text
}

fn tail_of(text: &str, room: usize) -> &str {
    let mut used = 0;
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += width(grapheme);
        if used > room {
            break;
        }
        start = at;
    }
    text.get(start..).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_the_end_or_in_the_middle() {
        assert_eq!(fit("abcdef", 6, Cut::End, "…"), "abcdef");
        assert_eq!(fit("abcdef", 4, Cut::End, "…"), "abc…");
        assert_eq!(fit("src/deep/file.rs", 10, Cut::Middle, "…"), "src/d…e.rs");
        assert_eq!(fit("abc", 0, Cut::End, "…"), "");
    }

    #[test]
    fn never_splits_a_wide_character() {
        assert_eq!(fit("日本語", 4, Cut::End, "…"), "日…");
        assert_eq!(width("日本語"), 6);
    }
}
