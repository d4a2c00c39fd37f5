//! A screen as text, with a second picture of the same size for its styles.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// The text of a buffer, then one letter a cell for its style, then what the
/// letters mean.
pub(crate) fn with_styles(buffer: &Buffer) -> String {
    let mut styles: Vec<String> = Vec::new();
    let mut map = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width).max(1)) {
        for cell in row {
            let style = described(cell);
            let known = styles.iter().position(|it| *it == style);
            let index = known.unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            map.push(letter(index));
        }
        map.push('\n');
    }
    let mut dump = text(buffer);
    dump.push_str("--- styles\n");
    dump.push_str(&map);
    for (index, style) in styles.iter().enumerate() {
        writeln!(dump, "{} {style}", letter(index)).expect("a string takes all");
    }
    dump
}

/// The text of a buffer, row by row.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width).max(1)) {
        let line: String = row.iter().map(Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn letter(index: usize) -> char {
    const LETTERS: &[u8] = b".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char::from(LETTERS.get(index).copied().unwrap_or(b'#'))
}

fn described(cell: &Cell) -> String {
    let mut words = Vec::new();
    if cell.fg != Color::Reset {
        words.push(format!("{}", cell.fg));
    }
    if cell.bg != Color::Reset {
        words.push(format!("on {}", cell.bg));
    }
    for (name, _) in cell.modifier.iter_names() {
        words.push(name.to_lowercase());
    }
    let _ = Modifier::empty();
    if words.is_empty() {
        "plain".to_owned()
    } else {
        words.join(" ")
    }
}
