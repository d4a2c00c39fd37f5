//! Screens as SVG pictures, for documentation.
//!
//! A picture looks the same wherever it is opened: what a terminal would do
//! with a cell (reversed, dim, bold) is resolved here; lines, blocks and
//! braille are geometry, because as text they would show seams; every text has
//! its own place and length, so that no font can move what follows it.

mod cell_style;
mod film;
mod row;
mod shapes;

pub(super) use cell_style::DefaultColours;
pub(super) use film::{film, still};

/// Width of a cell, in user units of the picture.
const CELL_WIDTH: i32 = 9;
/// Height of a cell.
const CELL_HEIGHT: i32 = 18;
/// Size of the text: monospace fonts advance by about 0.6 of it.
const FONT_SIZE: i32 = 15;
/// Distance from the top of a cell to the baseline of its text.
const BASELINE: i32 = 13;
/// Distance from the top of a cell to its underline.
const UNDERLINE: i32 = 15;
/// Margin around the screen.
const MARGIN: i32 = 9;
