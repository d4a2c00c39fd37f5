//! Screens as SVG pictures, for documentation.
//!
//! A picture looks the same wherever it is opened: what a terminal would do
//! with a cell (reversed, dim, bold) is resolved here; lines, blocks and
//! braille are geometry, because as text they would show seams; every text has
//! its own place and length, so that no font can move what follows it.

mod chart;
mod film;
mod ink;
mod row;
mod shapes;
mod sheet;

pub use chart::{chart, comparison_chart, sweep_chart};
pub use film::{film, still};
pub use ink::Ground;

/// Width of a cell, in user units of the picture.
const CELL_WIDTH: i32 = 9;
/// Height of a cell.
const CELL_HEIGHT: i32 = 18;
/// Size of the text: monospace fonts advance by about 0.6 of it.
const FONT_SIZE: i32 = 15;
/// From the top of a cell to the line that text stands on.
const BASELINE: i32 = 13;
/// From the top of a cell to what underlines it.
const UNDERLINE: i32 = 15;
/// Around the screen.
const MARGIN: i32 = 9;
