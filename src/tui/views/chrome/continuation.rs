//! Keys that may follow those pressed so far, in a small box over the footer.
//!
//! ```text
//! ┌ g ──────┐
//! │ gg top  │
//! └─────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::output::Safe;
use crate::theme::Role;
use crate::tui::keymap::{pressed, written};
use crate::tui::text::Strip;
use crate::tui::views::{View, chrome};

/// Draws the box while a sequence is begun.
pub(in crate::tui) fn render(view: &View<'_>, screen: Rect, buf: &mut Buffer) {
    let begun = view.state.keys.keys();
    if begun.is_empty() {
        return;
    }
    let contexts = view.contexts();
    let bindings = view.state.keymap.continuations(contexts, begun);
    let rows: Vec<Strip> = bindings
        .map(|binding| {
            let mut row = view.strip(screen.width.saturating_sub(4));
            row.skip(1)
                .put(
                    Safe::new(&written(&binding.keys)),
                    view.style(Role::KeyHint),
                )
                .skip(1)
                .put(binding.action.row().label, view.style(Role::Fg))
                .skip(1);
            row
        })
        .collect();
    let width = rows.iter().map(Strip::used).max().unwrap_or(0).max(8) as u16;
    let height = rows.len() as u16;
    let title = Safe::new(&pressed(begun));
    let bottom = view.layout.toast.y;
    let corner = Rect::new(
        screen.right().saturating_sub(width + 3),
        bottom.saturating_sub(height + 2),
        width + 2,
        height + 2,
    );
    let inner = chrome::boxed(view, corner.intersection(screen), title, buf);
    for (row, y) in rows.iter().zip(inner.y..inner.bottom()) {
        row.draw((inner.x, y), buf);
    }
}
