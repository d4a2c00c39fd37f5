//! A new call: the list of tools, or the form of the one that was picked.
//!
//! ```text
//! ┌ Add a call: pick a tool ─────┐
//! │ tool: wo                     │
//! │ ▌word-count  Counts lines …  │
//! │  work        Does work       │
//! └──────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{View, chrome, form};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::AddCall;
use crate::tui::text::{Align, Piece};

/// Draws what is being put together.
pub(super) fn render(
    view: &View<'_>,
    add: &AddCall,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let width = screen.width.saturating_sub(6).min(96);
    let height = screen.height.saturating_sub(4).min(30);
    let Some(form) = &add.form else {
        let inner = chrome::popup(
            view,
            screen,
            (width, height),
            "Add a call: pick a tool",
            buf,
        );
        tools(view, add, inner, buf);
        return None;
    };
    if let Some(tool) = view.state.catalogue.get(&form.tool) {
        let title = Piece::from("Add a call: ").then(Safe::new(tool.name.as_str()));
        let height = height.min(form::height(form));
        let inner = chrome::popup(view, screen, (width, height), title, buf);
        form::render(view, form, tool, inner, buf);
    }
    None
}

fn tools(view: &View<'_>, add: &AddCall, inner: Rect, buf: &mut Buffer) {
    let mut prompt = view.strip(inner.width);
    prompt.skip(1).put("tool: ", view.style(Role::Muted));
    prompt.draw(inner.as_position(), buf);
    let used = (prompt.used() as u16).min(inner.width);
    let line = Rect::new(
        inner.x + used,
        inner.y,
        inner.width - used,
        inner.height.min(1),
    );
    form::text_field(view, &add.filter, true, line, buf);
    let rows = Rect::new(
        inner.x,
        inner.y + 1,
        inner.width,
        inner.height.saturating_sub(1),
    );
    if add.found.is_empty() {
        chrome::empty(view, rows, &["No tool is called like that."], buf);
        return;
    }
    let visible = usize::from(rows.height).max(1);
    let first = (add.marked + 1).saturating_sub(visible);
    for ((index, name), y) in add
        .found
        .iter()
        .enumerate()
        .skip(first)
        .zip(rows.y..rows.bottom())
    {
        let mut strip = view.strip(rows.width);
        let bar = if index == add.marked {
            view.glyphs.selected()
        } else {
            " "
        };
        strip.put(bar, view.style(Role::Accent));
        strip
            .cell(
                Safe::new(name.as_str()),
                22,
                Align::Left,
                view.style(Role::Fg),
            )
            .skip(1);
        if let Some(tool) = view.state.catalogue.get(name) {
            strip.put(Safe::new(&tool.description), view.style(Role::Muted));
        }
        strip.draw((rows.x, y), buf);
        if index == add.marked {
            let row = Rect::new(rows.x + 1, y, rows.width.saturating_sub(1), 1);
            chrome::mark(view, row, buf);
        }
    }
}
