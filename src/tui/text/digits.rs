//! Digits three rows high, to be read from afar.

use super::Piece;
use super::glyphs::Glyphs;

/// Rows of a digit.
pub const ROWS: usize = 3;

/// Draws a figure of digits, points and `x`, which stands for times.
pub fn rows(figure: &str, glyphs: Glyphs) -> [Piece<'static>; ROWS] {
    let row = |row: usize| {
        let signs = figure.chars().map(|sign| {
            let [top, middle, bottom] = match glyphs {
                Glyphs::Unicode => blocks(sign),
                Glyphs::Ascii => strokes(sign),
            };
            [top, middle, bottom].get(row).copied().unwrap_or_default()
        });
        let signs: Vec<&str> = signs.collect();
        Piece::formatted(signs.join(" "))
    };
    [row(0), row(1), row(2)]
}

fn blocks(sign: char) -> [&'static str; ROWS] {
    match sign {
        '0' => ["█▀█", "█ █", "▀▀▀"],
        '1' => ["▀█ ", " █ ", "▀▀▀"],
        '2' => ["▀▀█", "█▀▀", "▀▀▀"],
        '3' => ["▀▀█", "▀▀█", "▀▀▀"],
        '4' => ["█ █", "▀▀█", "  ▀"],
        '5' => ["█▀▀", "▀▀█", "▀▀▀"],
        '6' => ["█▀▀", "█▀█", "▀▀▀"],
        '7' => ["▀▀█", "  █", "  ▀"],
        '8' => ["█▀█", "█▀█", "▀▀▀"],
        '9' => ["█▀█", "▀▀█", "▀▀▀"],
        '.' => [" ", " ", "▀"],
        'x' => ["   ", "▀▄▀", "▀ ▀"],
        _ => [" ", " ", " "],
    }
}

fn strokes(sign: char) -> [&'static str; ROWS] {
    match sign {
        '0' => [" _ ", "| |", "|_|"],
        '1' => ["   ", "  |", "  |"],
        '2' => [" _ ", " _|", "|_ "],
        '3' => [" _ ", " _|", " _|"],
        '4' => ["   ", "|_|", "  |"],
        '5' => [" _ ", "|_ ", " _|"],
        '6' => [" _ ", "|_ ", "|_|"],
        '7' => [" _ ", "  |", "  |"],
        '8' => [" _ ", "|_|", "|_|"],
        '9' => [" _ ", "|_|", " _|"],
        '.' => [" ", " ", "."],
        'x' => ["   ", "\\/ ", "/\\ "],
        _ => [" ", " ", " "],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_of_one_width() {
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            let widths = rows("0123456789.x", glyphs).map(|row| row.width());
            assert_eq!(widths, [widths[0]; ROWS]);
        }
    }
}
