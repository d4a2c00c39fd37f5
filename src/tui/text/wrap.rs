//! Breaks one line of text into rows of cells.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::width;

/// The parts of a text that fill rows of `columns` cells; at least one.
pub fn wrapped(text: &str, columns: usize) -> Vec<Range<usize>> {
    let columns = columns.max(1);
    if text.is_ascii() {
        let starts = (0..text.len().max(1)).step_by(columns);
        return starts
            .map(|start| start..text.len().min(start + columns))
            .collect();
    }
    let (mut parts, mut start, mut used) = (Vec::new(), 0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        let cells = width(grapheme);
        if used + cells > columns && at > start {
            parts.push(start..at);
            (start, used) = (at, 0);
        }
        used += cells;
    }
    parts.push(start..text.len());
    parts
}

/// The part of a text from a column of cells on.
pub fn from_column(text: &str, column: usize) -> Range<usize> {
    if column == 0 {
        return 0..text.len();
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= column {
            return at..text.len();
        }
        used += width(grapheme);
    }
    text.len()..text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_whole_characters() {
        assert_eq!(wrapped("abcde", 2), [0..2, 2..4, 4..5]);
        assert_eq!(wrapped("", 2).len(), 1);
        assert_eq!(wrapped("日本語", 3), [0..3, 3..6, 6..9]);
        assert_eq!(wrapped("日", 1).len(), 1);
    }

    #[test]
    fn columns_count_cells() {
        assert_eq!(from_column("日本語", 2), 3..9);
        assert_eq!(from_column("abc", 9), 3..3);
    }
}
