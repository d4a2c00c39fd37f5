//! A new call: its tool, then its arguments.
//!
//! ```text
//! ┌ Add a call ──────────────────┐   ┌ word-count ───────────────────────────────┐
//! │ > wo                         │   │ Counts lines, words and bytes of a file   │
//! │ ▌word-count  Counts lines …  │   │ {                    │ path* string       │
//! │  work        Does work       │   │   "path": ""         │   the file         │
//! └──────────────────────────────┘   │ }                    │                    │
//!                                    │ ✗ path: must be a string                  │
//!                                    └───────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::{View, chrome};
use crate::model::{Outcome, Tool};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::schema;
use crate::tui::state::{AddCall, Field};
use crate::tui::text::Align;

/// Draws what is being put together.
pub(super) fn render(
    view: &View<'_>,
    add: &AddCall,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let size = (
        screen.width.saturating_sub(6).min(96),
        screen.height.saturating_sub(6).min(26),
    );
    let picked = add
        .tool
        .as_ref()
        .and_then(|name| view.state.catalogue.get(name));
    match picked {
        None => tools(
            view,
            add,
            chrome::popup(view, screen, size, "Add a call: pick a tool", buf),
            buf,
        ),
        Some(tool) => {
            let inner = chrome::popup(view, screen, size, "Add a call: its arguments", buf);
            arguments(view, add, tool, inner, buf);
        }
    }
    None
}

/// A text field as the screen draws it.
pub(super) fn field(view: &View<'_>, field: &Field, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let mut shown = field.area.clone();
    shown.set_style(view.style(Role::Fg));
    shown.set_cursor_line_style(Style::new());
    (&shown).render(area, buf);
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
    field(view, &add.filter, line, buf);
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

fn arguments(view: &View<'_>, add: &AddCall, tool: &Tool, inner: Rect, buf: &mut Buffer) {
    let mut strip = view.strip(inner.width);
    strip
        .skip(1)
        .put(Safe::new(tool.name.as_str()), view.style(Role::Title))
        .skip(1);
    strip.put(Safe::new(&tool.description), view.style(Role::Muted));
    strip.draw(inner.as_position(), buf);
    let below = inner
        .bottom()
        .saturating_sub(add.problems.len().min(4) as u16)
        .max(inner.y);
    let top = (inner.y + 2).min(below);
    let body = Rect::new(inner.x + 1, top, inner.width.saturating_sub(1), below - top);
    let list_width = if inner.width >= 60 {
        inner.width * 2 / 5
    } else {
        0
    };
    let editor = Rect {
        width: body.width - list_width,
        ..body
    };
    field(view, &add.args, editor, buf);
    let list = Rect::new(editor.right(), body.y, list_width, body.height);
    properties(view, tool, list, buf);
    for (problem, y) in add.problems.iter().zip(below..inner.bottom()) {
        let mut strip = view.strip(inner.width);
        let style = view.style(Role::ToastError);
        strip
            .skip(1)
            .put(view.glyphs.outcome(Outcome::Failed), style)
            .skip(1)
            .put(problem, style);
        strip.draw((inner.x, y), buf);
    }
}

fn properties(view: &View<'_>, tool: &Tool, area: Rect, buf: &mut Buffer) {
    let mut rows = Vec::new();
    for property in schema::properties(tool) {
        let mut strip = view.strip(area.width);
        strip.put(Safe::new(&property.name), view.style(Role::JsonKey));
        strip.put(
            if property.is_required { "* " } else { " " },
            view.style(Role::Danger),
        );
        strip.put(Safe::new(&property.kind), view.style(Role::Muted));
        rows.push(strip);
        if !property.description.is_empty() {
            let mut strip = view.strip(area.width);
            strip
                .skip(2)
                .put(Safe::new(&property.description), view.style(Role::Muted));
            rows.push(strip);
        }
    }
    for (strip, y) in rows.iter().zip(area.y..area.bottom()) {
        strip.draw((area.x, y), buf);
    }
}
