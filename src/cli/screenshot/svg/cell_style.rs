//! The look of a cell, with its style resolved.

use std::fmt;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use crate::theme;

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rgb(pub(super) [u8; 3]);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colours of the terminal itself, for cells that have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DefaultColours {
    pub(super) fg: Rgb,
    pub(super) bg: Rgb,
}

impl Default for DefaultColours {
    /// Light grey on nearly black, as most terminals start.
    fn default() -> Self {
        Self {
            fg: Rgb([0xcc, 0xcc, 0xcc]),
            bg: Rgb([0x12, 0x12, 0x12]),
        }
    }
}

impl DefaultColours {
    /// The defaults with another background, if a theme has one.
    #[must_use]
    pub(crate) fn with_background(self, bg: Option<Color>) -> Self {
        let bg = bg.and_then(theme::rgb).map_or(self.bg, Rgb);
        Self { bg, ..self }
    }
}

/// A cell's colours and weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellColours {
    pub(super) fg: Rgb,
    pub(super) bg: Rgb,
    pub(super) is_bold: bool,
    pub(super) is_italic: bool,
    pub(super) is_underlined: bool,
}

/// How far dim text moves towards its background, of a hundred.
const DIMMED: u16 = 40;

impl CellColours {
    /// Resolves a cell: reversed first, then dim.
    pub(super) fn of(cell: &Cell, defaults: DefaultColours) -> Self {
        let colour = |colour, other: Rgb| theme::rgb(colour).map_or(other, Rgb);
        let (mut fg, mut bg) = (colour(cell.fg, defaults.fg), colour(cell.bg, defaults.bg));
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut fg, &mut bg);
        }
        if cell.modifier.contains(Modifier::DIM) {
            fg = mixed(fg, bg);
        }
        Self {
            fg,
            bg,
            is_bold: cell.modifier.contains(Modifier::BOLD),
            is_italic: cell.modifier.contains(Modifier::ITALIC),
            is_underlined: cell.modifier.contains(Modifier::UNDERLINED),
        }
    }
}

fn mixed(fg: Rgb, bg: Rgb) -> Rgb {
    let mut parts = fg.0;
    for (part, other) in parts.iter_mut().zip(bg.0) {
        let mixed = u16::from(*part) * (100 - DIMMED) + u16::from(other) * DIMMED;
        *part = u8::try_from(mixed / 100).unwrap_or(u8::MAX);
    }
    Rgb(parts)
}

/// Colour and attributes of text, independent of its background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellStyle {
    fg: Rgb,
    is_bold: bool,
    is_italic: bool,
}

impl CellColours {
    /// The style of the cell's text.
    pub(super) fn style(self) -> CellStyle {
        CellStyle {
            fg: self.fg,
            is_bold: self.is_bold,
            is_italic: self.is_italic,
        }
    }
}

/// The styles of text in one picture, each under a short name.
#[derive(Debug, Default)]
pub(super) struct StyleSheet {
    all: Vec<CellStyle>,
}

impl StyleSheet {
    /// The name of the class for text of this style.
    pub(super) fn class(&mut self, style: CellStyle) -> String {
        let known = self.all.iter().position(|it| *it == style);
        let index = known.unwrap_or_else(|| {
            self.all.push(style);
            self.all.len() - 1
        });
        name(index)
    }

    /// The style sheet.
    pub(super) fn sheet(&self) -> String {
        let rules = self.all.iter().enumerate();
        let rules = rules.map(|(index, style)| {
            let bold = if style.is_bold {
                ";font-weight:bold"
            } else {
                ""
            };
            let italic = if style.is_italic {
                ";font-style:italic"
            } else {
                ""
            };
            format!(".{}{{fill:{}{bold}{italic}}}", name(index), style.fg)
        });
        rules.collect()
    }
}

fn name(index: usize) -> String {
    format!("c{index}")
}
