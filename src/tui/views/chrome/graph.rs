//! A graph of readings: two readings a cell, each a column of dots from below.
//! Its colour grows with the height; what is not ours is drawn dim.
//!
//! ```text
//! ⠀⢀⣠⣴⣶⣾⣿
//! ⣀⣿⣿⣿⣿⣿⣿
//! ```

use ratatui::style::Style;

use crate::theme::Role;
use crate::tui::text::Strip;
use crate::tui::views::View;

/// Dots of a cell from below, for its left and its right reading.
const LEFT: [u8; 4] = [0x40, 0x04, 0x02, 0x01];
const RIGHT: [u8; 4] = [0x80, 0x20, 0x10, 0x08];

/// One reading: its level and the part of it that is our own, both 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tui) struct Level {
    /// The whole.
    pub(in crate::tui) whole: f32,
    /// The part that is ours.
    pub(in crate::tui) own: f32,
}

impl Level {
    /// A level that is ours as a whole.
    pub(in crate::tui) fn own(level: f32) -> Self {
        Self {
            whole: level,
            own: level,
        }
    }
}

/// Returns the role of a gauge at a level of 0 to 1.
pub(in crate::tui) fn role_of(level: f32) -> Role {
    match level {
        ..0.6 => Role::MeterLow,
        0.6..0.85 => Role::MeterMid,
        _ => Role::MeterHigh,
    }
}

/// Draws the latest readings into so many cells and rows, the uppermost row
/// first. A missing reading is a gap; one of nothing is a low dot.
pub(in crate::tui) fn rows(
    view: &View<'_>,
    levels: impl DoubleEndedIterator<Item = Option<Level>>,
    cells: usize,
    rows: usize,
) -> Vec<Strip> {
    let mut latest: Vec<Option<Level>> = levels.rev().take(cells * 2).collect();
    latest.resize(cells * 2, None);
    latest.reverse();
    let drawn = (0..rows).rev().map(|row| {
        let mut strip = view.strip(u16::try_from(cells).unwrap_or(u16::MAX));
        let height = (row as f32 + 0.5) / rows as f32;
        for pair in latest.chunks(2) {
            let (bits, is_own) = cell(pair, row, rows);
            strip.put(view.glyphs.dots(bits), style(view, height, is_own));
        }
        strip
    });
    drawn.collect()
}

/// The dots of a cell in a row counted from below, and whether any is ours.
fn cell(pair: &[Option<Level>], row: usize, rows: usize) -> (u8, bool) {
    let mut bits = 0;
    let mut is_own = false;
    for (reading, column) in pair.iter().zip([LEFT, RIGHT]) {
        let Some(level) = reading else { continue };
        let count = |part: f32| (part.clamp(0.0, 1.0) * (rows * 4) as f32).round() as usize;
        let dots = count(level.whole).max(1);
        let filled = dots.saturating_sub(row * 4).min(4);
        for dot in column.iter().take(filled) {
            bits |= dot;
        }
        is_own |= filled > 0 && count(level.own) > row * 4;
    }
    (bits, is_own)
}

fn style(view: &View<'_>, height: f32, is_own: bool) -> Style {
    view.style(if is_own { role_of(height) } else { Role::Muted })
}

/// Draws levels of 0 to 1, one a cell, as a line over so many rows, the uppermost
/// row first.
pub(in crate::tui) fn line(view: &View<'_>, levels: &[f32], rows: u16, role: Role) -> Vec<Strip> {
    let rows = usize::from(rows);
    let dots = rows * 4;
    let height = |level: f32| ((level.clamp(0.0, 1.0) * dots as f32).round() as usize).max(1);
    let style = view.style(role);
    let drawn = (0..rows).rev().map(|row| {
        let mut strip = view.strip(u16::try_from(levels.len()).unwrap_or(u16::MAX));
        let mut before = levels.first().map_or(1, |level| height(*level));
        for level in levels {
            let now = height(*level);
            // At the left it comes from the level before, at the right it is flat.
            let (low, high) = (before.min(now), before.max(now));
            let mut bits = 0;
            for (dot, (left, right)) in LEFT.iter().zip(RIGHT).enumerate() {
                let at = row * 4 + dot + 1;
                if (low..=high).contains(&at) {
                    bits |= left;
                }
                if at == now {
                    bits |= right;
                }
            }
            strip.put(view.glyphs.dots(bits), style);
            before = now;
        }
        strip
    });
    drawn.collect()
}

/// Adds a bar of so many cells, filled to a share of 0 to 1. Something is never
/// drawn as nothing, nor less than everything as everything.
pub(in crate::tui) fn bar(
    view: &View<'_>,
    strip: &mut Strip,
    cells: usize,
    share: f32,
    role: Role,
) {
    let exact = share.clamp(0.0, 1.0) * cells as f32;
    let mut filled = exact.round() as usize;
    if share > 0.0 && filled == 0 {
        filled = 1;
    }
    if share < 1.0 && filled == cells {
        filled = cells.saturating_sub(1);
    }
    let [full, empty] = view.glyphs.bar();
    for cell in 0..cells {
        let is_filled = cell < filled;
        let sign = if is_filled { full } else { empty };
        let role = if is_filled { role } else { Role::MeterTrack };
        strip.put(sign, view.style(role));
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::views::chrome::graph::*;

    #[test]
    fn nothing_and_everything_are_told_apart_from_no_reading() {
        let at = |level: f32| [Some(Level::own(level)), None];
        assert_eq!(cell(&[None, None], 0, 2), (0, false));
        assert_eq!(cell(&at(0.0), 0, 2).0, 0x40);
        assert_eq!(cell(&at(0.0), 1, 2).0, 0);
        assert_eq!(cell(&at(1.0), 1, 2), (0x47, true));
        let others = [
            Some(Level {
                whole: 1.0,
                own: 0.0,
            }),
            None,
        ];
        assert_eq!(cell(&others, 1, 2), (0x47, false));
    }
}
