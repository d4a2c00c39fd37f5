//! The JSON document that a call printed, as a tree.
//!
//! ```text
//! │▾ {3}                    │
//! │  ▸ "files" [214]        │
//! │    "count": 214         │
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::state::output::tree::{NoTree, NodeValue, Tree, TreeRow};
use crate::tui::text::{Piece, Strip, figure};
use crate::tui::views::{View, chrome};

/// Draws the visible rows, or why there are none.
pub(in crate::tui) fn render(view: &View<'_>, inner: Rect, buf: &mut Buffer) {
    let tree = &view.state.output.tree;
    match view.state.shown_tree() {
        None => chrome::empty(view, inner, &["Reading…"], buf),
        Some(Tree::None(why)) => nothing(view, why, inner, buf),
        Some(Tree::Document(_)) => {
            let rows = tree.rows().iter().enumerate().skip(tree.first);
            for ((index, row), y) in rows.zip(inner.y..inner.bottom()) {
                line(view, row, inner.width).draw((inner.x, y), buf);
                if index == tree.cursor {
                    let area = Rect::new(inner.x, y, inner.width, 1);
                    chrome::select(view, Pane::Output, area, buf);
                }
            }
        }
    }
}

fn nothing(view: &View<'_>, why: &NoTree, inner: Rect, buf: &mut Buffer) {
    let muted = view.style(Role::Muted);
    let mut lines = [view.strip(inner.width), view.strip(inner.width)];
    let said = match why {
        NoTree::Empty => Piece::from("It printed nothing on standard output."),
        NoTree::TooLarge(bytes) => figure::bytes(*bytes).then(" is too large for a tree here."),
        NoTree::Otherwise(why) => Piece::from("Not one JSON document: ").then(why.clone()),
    };
    lines[0].skip(1).put(said, muted);
    lines[1]
        .skip(1)
        .put("F shows every byte; again, the text.", muted);
    for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
        line.draw((inner.x, y), buf);
    }
}

fn line(view: &View<'_>, row: &TreeRow, width: u16) -> Strip {
    let mut strip = view.strip(width);
    let punct = view.style(Role::JsonPunct);
    strip.skip(1 + row.depth * 2);
    match row.holds {
        NodeValue::Branch { is_open, .. } => {
            let sign = if is_open {
                view.glyphs.stopping()
            } else {
                view.glyphs.running()
            };
            strip.put(sign, view.style(Role::Accent)).skip(1);
        }
        _ => {
            strip.skip(2);
        }
    }
    if let Some(key) = &row.key {
        strip.put(key, view.style(Role::JsonKey)).put(": ", punct);
    }
    let mut scalar = |text: &Safe, role| {
        strip.put(text, view.style(role));
    };
    match &row.holds {
        NodeValue::String(text) => scalar(text, Role::JsonString),
        NodeValue::Number(text) => scalar(text, Role::JsonNumber),
        NodeValue::Literal(text) => scalar(text, Role::JsonLiteral),
        NodeValue::Branch {
            members, is_array, ..
        } => {
            let (open, close) = if *is_array { ("[", "]") } else { ("{", "}") };
            strip
                .put(open, punct)
                .put(figure::count(*members), view.style(Role::JsonNumber))
                .put(close, punct);
        }
    }
    strip
}
