//! Sparklines: one cell a reading, a gap where a reading is missing.

use ratatui::style::Style;

use crate::tui::text::Strip;
use crate::tui::text::glyphs::Glyphs;

/// Adds the latest `cells` levels, 0 to 1, oldest first. A missing one leaves
/// its cell blank.
pub(in crate::tui) fn put(
    strip: &mut Strip,
    levels: impl DoubleEndedIterator<Item = Option<f32>>,
    cells: usize,
    style: Style,
    glyphs: Glyphs,
) {
    let mut latest: Vec<Option<f32>> = levels.rev().take(cells).collect();
    latest.resize(cells, None);
    for level in latest.into_iter().rev() {
        match level {
            Some(level) => strip.put(glyphs.spark(level), style),
            None => strip.skip(1),
        };
    }
}
