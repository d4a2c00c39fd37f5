//! The only module that turns text into cells. Its input is either a
//! literal of the program, a figure it formatted itself, or [`Safe`] text:
//! nothing that came from a file or a tool reaches the screen unsanitised.

pub mod agent;
pub mod args;
mod command_line;
pub mod digits;
pub mod field;
pub mod figure;
mod fit;
pub mod fuzzy;
pub mod glyphs;
pub mod json;
mod look;
mod piece;
pub(super) mod rounding;
pub mod schema;
mod strip;
pub mod wait;
pub mod words;
mod wrap;

use crate::output::Safe;
pub use command_line::{command_line, shell_line};
pub use fit::{Cut, fit, width};
pub use piece::Piece;
pub use strip::{Align, Strip};
pub use wrap::{from_column, wrapped};
