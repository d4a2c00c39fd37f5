//! One row of a screen as SVG, at the height 0.

use std::fmt::Write as _;

use ratatui::buffer::Cell;

use super::cell_style::{CellColours, CellStyle, DefaultColours, Rgb, StyleSheet};
use super::shapes::{Paint, Rect, shape};
use super::{BASELINE, CELL_HEIGHT, CELL_WIDTH, UNDERLINE};
use crate::tui::svg::escape;
use crate::tui::text;

/// Text that stands in cells side by side and styles the same.
struct TextRun {
    text: String,
    column: usize,
    cells: usize,
    style: CellStyle,
}

/// Draws a row.
pub(super) fn row(cells: &[Cell], defaults: DefaultColours, styles: &mut StyleSheet) -> String {
    let colours: Vec<CellColours> = cells
        .iter()
        .map(|cell| CellColours::of(cell, defaults))
        .collect();
    let mut svg = String::new();
    backgrounds(&colours, defaults, &mut svg);
    shapes(cells, &colours, &mut svg);
    for run in runs(cells, &colours) {
        write_run(&run, styles, &mut svg);
    }
    underlines(&colours, &mut svg);
    svg
}

/// Stretches of cells that have the same value, where they have one.
fn stretches<T: PartialEq>(
    colours: &[CellColours],
    value: impl Fn(&CellColours) -> Option<T>,
) -> Vec<(usize, usize, T)> {
    let mut stretches: Vec<(usize, usize, T)> = Vec::new();
    for (column, ink) in colours.iter().enumerate() {
        let Some(value) = value(ink) else { continue };
        match stretches.last_mut() {
            Some((from, cells, last)) if *from + *cells == column && *last == value => *cells += 1,
            _ => stretches.push((column, 1, value)),
        }
    }
    stretches
}

fn backgrounds(colours: &[CellColours], defaults: DefaultColours, svg: &mut String) {
    let own = |ink: &CellColours| (ink.bg != defaults.bg).then_some(ink.bg);
    for (column, cells, fill) in stretches(colours, own) {
        let (x, width) = (units(column), units(cells));
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            r#"<rect x="{x}" width="{width}" height="{CELL_HEIGHT}" fill="{fill}"/>"#
        );
    }
}

fn underlines(colours: &[CellColours], svg: &mut String) {
    let own = |ink: &CellColours| ink.is_underlined.then_some(ink.fg);
    for (column, cells, fill) in stretches(colours, own) {
        let (x, width) = (units(column), units(cells));
        let _ = write!(
            svg,
            r#"<rect x="{x}" y="{UNDERLINE}" width="{width}" height="1" fill="{fill}"/>"#
        );
    }
}

/// Draws block characters as geometry: one path for each colour and paint.
fn shapes(cells: &[Cell], colours: &[CellColours], svg: &mut String) {
    let mut paths: Vec<((Rgb, Paint), Vec<Rect>)> = Vec::new();
    for (column, (cell, ink)) in cells.iter().zip(colours).enumerate() {
        let Some(shape) = shape(cell.symbol()) else {
            continue;
        };
        let key = (ink.fg, shape.paint);
        let known = paths.iter().position(|(it, _)| *it == key);
        let index = known.unwrap_or_else(|| {
            paths.push((key, Vec::new()));
            paths.len() - 1
        });
        for mut rect in shape.rects {
            rect.x += units(column);
            join(&mut paths[index].1, rect);
        }
    }
    for ((fill, paint), rects) in paths {
        let _ = write!(svg, r#"<path fill="{fill}""#);
        match paint {
            Paint::Line => svg.push_str(r#" class="l""#),
            Paint::Area(100) => {}
            Paint::Area(opacity) => {
                let _ = write!(svg, r#" fill-opacity=".{opacity}""#);
            }
        }
        svg.push_str(r#" d=""#);
        for it in rects {
            let (x, y, width, height) = (it.x, it.y, it.width, it.height);
            let _ = write!(svg, "M{x} {y}h{width}v{height}h-{width}z");
        }
        svg.push_str(r#""/>"#);
    }
}

/// Adds a rectangle; one that goes on with the last is part of it.
fn join(rects: &mut Vec<Rect>, rect: Rect) {
    if let Some(last) = rects.last_mut()
        && (last.y, last.height) == (rect.y, rect.height)
        && last.x + last.width == rect.x
    {
        last.width += rect.width;
        return;
    }
    rects.push(rect);
}

/// The text of a row. A run ends where the style changes, at two spaces, and
/// around everything that is not ASCII, which any font may draw wider.
fn runs(cells: &[Cell], colours: &[CellColours]) -> Vec<TextRun> {
    let mut runs: Vec<TextRun> = Vec::new();
    let mut skipped = 0;
    for (column, (cell, ink)) in cells.iter().zip(colours).enumerate() {
        let symbol = cell.symbol();
        if skipped > 0 {
            skipped -= 1;
            continue;
        }
        if symbol.trim().is_empty() || shape(symbol).is_some() {
            continue;
        }
        let width = text::width(symbol).max(1);
        skipped = width - 1;
        let style = ink.style();
        match runs.last_mut() {
            Some(run)
                if symbol.is_ascii()
                    && run.text.is_ascii()
                    && run.style == style
                    && column - run.column <= run.cells + 1 =>
            {
                if column - run.column == run.cells + 1 {
                    run.text.push(' ');
                }
                run.text.push_str(symbol);
                run.cells = column + 1 - run.column;
            }
            _ => runs.push(TextRun {
                text: symbol.to_owned(),
                column,
                cells: width,
                style,
            }),
        }
    }
    runs
}

fn write_run(run: &TextRun, styles: &mut StyleSheet, svg: &mut String) {
    let (class, x) = (styles.class(run.style), units(run.column));
    let _ = write!(svg, r#"<text class="{class}" x="{x}" y="{BASELINE}""#);
    if run.cells > 1 {
        let _ = write!(svg, r#" textLength="{}""#, units(run.cells));
    } else if !run.text.is_ascii() {
        let _ = write!(
            svg,
            r#" textLength="{CELL_WIDTH}" lengthAdjust="spacingAndGlyphs""#
        );
    }
    svg.push('>');
    escape(&run.text, svg);
    svg.push_str("</text>");
}

/// Cells as user units.
fn units(cells: usize) -> i32 {
    i32::try_from(cells).unwrap_or(0) * CELL_WIDTH
}
