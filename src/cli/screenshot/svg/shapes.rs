//! Box drawing, blocks and braille as rectangles in a cell.

use super::{CELL_HEIGHT, CELL_WIDTH};

/// A rectangle in user units, from the left upper corner of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// A character as rectangles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rects: Vec<Rect>,
    pub(super) paint: Paint,
}

/// How rectangles are painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// Softly: so thin that a picture made smaller would lose it otherwise.
    Line,
    /// With hard edges, so opaque, of a hundred: areas must meet without seam.
    Area(u8),
}

/// The shape of a cell's text, if it is one of those that are drawn.
pub(super) fn shape(symbol: &str) -> Option<Shape> {
    let mut chars = symbol.chars();
    let (Some(sign), None) = (chars.next(), chars.next()) else {
        return None;
    };
    let paint = match sign {
        '░' => Paint::Area(25),
        '▒' => Paint::Area(50),
        '▓' => Paint::Area(75),
        '\u{2580}'..='\u{259f}' => Paint::Area(100),
        _ => Paint::Line,
    };
    let rects = match sign {
        '\u{2580}'..='\u{259f}' => block(sign)?,
        '\u{2800}'..='\u{28ff}' => braille(u32::from(sign) - 0x2800),
        _ => lines(sign)?,
    };
    Some(Shape { rects, paint })
}

const fn rect(x: i32, y: i32, width: i32, height: i32) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

/// "Block Elements" of Unicode.
fn block(sign: char) -> Option<Vec<Rect>> {
    const W: i32 = CELL_WIDTH;
    const H: i32 = CELL_HEIGHT;
    let eighth = |length: i32, parts: i32| (length * parts + 4) / 8;
    let number = i32::try_from(u32::from(sign)).ok()?;
    Some(match sign {
        '▀' => vec![rect(0, 0, W, H / 2)],
        '▁'..='█' => {
            let height = eighth(H, number - 0x2580);
            vec![rect(0, H - height, W, height)]
        }
        '▉'..='▏' => vec![rect(0, 0, eighth(W, 0x2590 - number), H)],
        '▐' => vec![rect(W / 2, 0, W - W / 2, H)],
        '░' | '▒' | '▓' => vec![rect(0, 0, W, H)],
        '▔' => vec![rect(0, 0, W, eighth(H, 1))],
        '▕' => vec![rect(W - 1, 0, 1, H)],
        _ => quadrants(sign),
    })
}

fn quadrants(sign: char) -> Vec<Rect> {
    const W: i32 = CELL_WIDTH / 2;
    const H: i32 = CELL_HEIGHT / 2;
    let left = [rect(0, 0, W, H), rect(0, H, W, H)];
    let right = [rect(W, 0, CELL_WIDTH - W, H), rect(W, H, CELL_WIDTH - W, H)];
    match sign {
        '▖' => vec![left[1]],
        '▗' => vec![right[1]],
        '▘' => vec![left[0]],
        '▙' => vec![left[0], left[1], right[1]],
        '▚' => vec![left[0], right[1]],
        '▛' => vec![left[0], right[0], left[1]],
        '▜' => vec![left[0], right[0], right[1]],
        '▝' => vec![right[0]],
        '▞' => vec![right[0], left[1]],
        _ => vec![right[0], left[1], right[1]],
    }
}

/// The eight dots of a braille pattern, by the bits of its number.
fn braille(bits: u32) -> Vec<Rect> {
    const DOTS: [(i32, i32); 8] = [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
        (0, 3),
        (1, 3),
    ];
    let dots = DOTS.iter().enumerate();
    dots.filter(|(bit, _)| bits >> bit & 1 == 1)
        .map(|(_, (column, row))| rect(1 + column * 5, 1 + row * 4 + row / 2, 2, 2))
        .collect()
}

/// Lines: how heavy each arm is, from the top clockwise; 0 is no arm.
const LINES: &[(char, [i32; 4])] = &[
    ('─', [0, 1, 0, 1]),
    ('│', [1, 0, 1, 0]),
    ('┌', [0, 1, 1, 0]),
    ('┐', [0, 0, 1, 1]),
    ('└', [1, 1, 0, 0]),
    ('┘', [1, 0, 0, 1]),
    ('├', [1, 1, 1, 0]),
    ('┤', [1, 0, 1, 1]),
    ('┬', [0, 1, 1, 1]),
    ('┴', [1, 1, 0, 1]),
    ('┼', [1, 1, 1, 1]),
    ('╭', [0, 1, 1, 0]),
    ('╮', [0, 0, 1, 1]),
    ('╰', [1, 1, 0, 0]),
    ('╯', [1, 0, 0, 1]),
    ('╴', [0, 0, 0, 1]),
    ('╵', [1, 0, 0, 0]),
    ('╶', [0, 1, 0, 0]),
    ('╷', [0, 0, 1, 0]),
    ('━', [0, 3, 0, 3]),
    ('┃', [3, 0, 3, 0]),
    ('┏', [0, 3, 3, 0]),
    ('┓', [0, 0, 3, 3]),
    ('┗', [3, 3, 0, 0]),
    ('┛', [3, 0, 0, 3]),
    ('┣', [3, 3, 3, 0]),
    ('┫', [3, 0, 3, 3]),
    ('┳', [0, 3, 3, 3]),
    ('┻', [3, 3, 0, 3]),
    ('╋', [3, 3, 3, 3]),
    ('╸', [0, 0, 0, 3]),
    ('╹', [3, 0, 0, 0]),
    ('╺', [0, 3, 0, 0]),
    ('╻', [0, 0, 3, 0]),
];

/// Dashed lines: how many dashes, how heavy, and whether upright.
const DASHES: &[(char, i32, i32, bool)] = &[
    ('╌', 2, 1, false),
    ('╍', 2, 3, false),
    ('┄', 3, 1, false),
    ('┅', 3, 3, false),
    ('┈', 4, 1, false),
    ('╎', 2, 1, true),
    ('╏', 2, 3, true),
    ('┆', 3, 1, true),
    ('┇', 3, 3, true),
    ('┊', 4, 1, true),
];

fn lines(sign: char) -> Option<Vec<Rect>> {
    if let Some((_, arms)) = LINES.iter().find(|(known, _)| *known == sign) {
        return Some(arms_of(*arms));
    }
    let (_, count, weight, is_upright) = DASHES.iter().find(|it| it.0 == sign)?;
    Some(dashes(*count, *weight, *is_upright))
}

fn arms_of([up, right, down, left]: [i32; 4]) -> Vec<Rect> {
    const X: i32 = CELL_WIDTH / 2;
    const Y: i32 = CELL_HEIGHT / 2;
    let mut rects = Vec::new();
    // Opposite arms of one weight are one line, so that they show no seam.
    let horizontal = left.max(right);
    if horizontal > 0 {
        let half = horizontal / 2;
        let from = if left > 0 { 0 } else { X - half };
        let to = if right > 0 { CELL_WIDTH } else { X + half + 1 };
        rects.push(rect(from, Y - half, to - from, horizontal));
    }
    let vertical = up.max(down);
    if vertical > 0 {
        let half = vertical / 2;
        let from = if up > 0 { 0 } else { Y - half };
        // Into the next row, whose line goes on from there.
        let to = if down > 0 {
            CELL_HEIGHT + 1
        } else {
            Y + half + 1
        };
        rects.push(rect(X - half, from, vertical, to - from));
    }
    rects
}

fn dashes(count: i32, weight: i32, is_upright: bool) -> Vec<Rect> {
    let (length, across) = if is_upright {
        (CELL_HEIGHT, CELL_WIDTH / 2 - weight / 2)
    } else {
        (CELL_WIDTH, CELL_HEIGHT / 2 - weight / 2)
    };
    let dash = |index: i32| {
        let (from, to) = (length * index / count, length * (index + 1) / count);
        let size = (to - from - 1).max(1);
        if is_upright {
            rect(across, from, weight, size)
        } else {
            rect(from, across, size, weight)
        }
    };
    (0..count).map(dash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_stays_in_its_cell() {
        let signs = ('\u{2500}'..='\u{259f}').chain('\u{2801}'..='\u{28ff}');
        let mut drawn = 0;
        for sign in signs {
            let Some(shape) = shape(&sign.to_string()) else {
                continue;
            };
            drawn += 1;
            assert!(!shape.rects.is_empty(), "{sign}");
            for it in shape.rects {
                let is_inside = it.x >= 0
                    && it.y >= 0
                    && it.width > 0
                    && it.height > 0
                    && it.x + it.width <= CELL_WIDTH
                    && it.y + it.height <= CELL_HEIGHT + 1;
                assert!(is_inside, "{sign}: {it:?}");
            }
        }
        assert!(drawn > 300, "{drawn}");
        assert_eq!(shape("a"), None);
        assert_eq!(shape("✓"), None);
    }

    #[test]
    fn lines_meet_those_of_the_next_cell() {
        let level = shape("─").expect("a line").rects[0];
        assert_eq!((level.x, level.width), (0, CELL_WIDTH));
        let corner = shape("┌").expect("a corner").rects;
        assert_eq!(corner[0].y, level.y);
        assert_eq!(corner[0].x + corner[0].width, CELL_WIDTH);
        assert_eq!(corner[1].y + corner[1].height, CELL_HEIGHT + 1);
        let upright = shape("│").expect("a line").rects[0];
        assert_eq!(corner[1].x, upright.x);
    }
}
