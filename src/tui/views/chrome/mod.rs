//! Parts shared by panes: frames, titles and selected rows.

pub(in crate::tui) mod continuation;
pub(in crate::tui) mod footer;
pub(in crate::tui) mod graph;
pub(in crate::tui) mod header;
pub(in crate::tui) mod list;
pub(in crate::tui) mod scale;
pub(in crate::tui) mod sparkline;
pub(in crate::tui) mod tabs;
pub(in crate::tui) mod too_small;

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{
    Block, Paragraph, Scrollbar, ScrollbarOrientation, ScrollbarState, StatefulWidget, Widget, Wrap,
};

use super::View;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::field::TextField;
use crate::tui::text::{Piece, Strip};

/// Draws a pane's frame with what stands at the left and right of its title,
/// and gives the area inside.
///
/// ```text
/// ┌ left ───────────────── right ┐     without borders:
/// │                              │     ─ left ─── right ─
/// └──────────────────────────────┘
/// ```
pub(in crate::tui) fn frame(
    view: &View<'_>,
    pane: Pane,
    left: &Strip,
    right: &Strip,
    buf: &mut Buffer,
) -> Rect {
    let area = view.layout.pane(pane);
    let role = if view.has_keys(pane) {
        Role::BorderFocus
    } else {
        Role::Border
    };
    let style = view.style(role);
    if view.layout.has_borders {
        let block = Block::bordered()
            .border_set(view.glyphs.border())
            .border_style(style);
        block.render(area, buf);
    } else if view.layout.has_title(pane) {
        let mut line = view.strip(area.width);
        for _ in 0..area.width {
            line.put(view.glyphs.rule(), style);
        }
        line.draw(area.as_position(), buf);
    } else {
        return view.layout.inner(pane);
    }
    titles(view, area, left, right, buf);
    scrollbar(view, pane, buf);
    view.layout.inner(pane)
}

/// A bar on the right border of a pane that lists more than it has room for.
fn scrollbar(view: &View<'_>, pane: Pane, buf: &mut Buffer) {
    let Some((area, rows, first)) = view.layout.scrollbar(view.state, pane) else {
        return;
    };
    let visible = view.layout.rows(view.state, pane);
    let mut state = ScrollbarState::new(rows.saturating_sub(visible) + 1)
        .viewport_content_length(visible)
        .position(first);
    Scrollbar::new(ScrollbarOrientation::VerticalRight)
        .begin_symbol(None)
        .end_symbol(None)
        .track_symbol(None)
        .thumb_symbol(view.glyphs.thumb())
        .thumb_style(view.style(Role::Border))
        .render(area, buf, &mut state);
}

/// Clears some cells.
pub(in crate::tui) fn blank(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let base = view.style(Role::Fg).patch(view.style(Role::Bg));
    for position in area.intersection(buf.area).positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.reset();
            cell.set_style(base);
        }
    }
}

/// Writes the two ends of a title into the top line of an area.
fn titles(view: &View<'_>, area: Rect, left: &Strip, right: &Strip, buf: &mut Buffer) {
    let room = usize::from(area.width.saturating_sub(2));
    let mut put = |strip: &Strip, x| {
        blank(view, Rect::new(x, area.y, strip.used() as u16, 1), buf);
        strip.draw((x, area.y), buf);
    };
    put(left, area.x + 1.min(area.width));
    if right.used() > 0 && left.used() + right.used() <= room {
        let x = area.right().saturating_sub(right.used() as u16 + 1);
        put(right, x);
    }
}

/// A pane's title in the style of its focus.
pub(in crate::tui) fn title(view: &View<'_>, pane: Pane, name: &'static str) -> Strip {
    let area = view.layout.pane(pane);
    let mut strip = Strip::new(area.width.saturating_sub(2), view.glyphs);
    let mut style = view.style(Role::Title);
    if view.has_keys(pane) {
        style = style
            .patch(view.style(Role::BorderFocus))
            .add_modifier(Modifier::BOLD);
    }
    strip.put(" ", style).put(name, style).put(" ", style);
    strip
}

/// Marks a row as selected: in the pane with the keys over its whole width,
/// elsewhere by weight only.
pub(in crate::tui) fn select(view: &View<'_>, pane: Pane, row: Rect, buf: &mut Buffer) {
    // The bar before the row stays as it is.
    let row = Rect::new(row.x + 1, row.y, row.width.saturating_sub(1), row.height);
    if !view.has_keys(pane) {
        buf.set_style(
            row,
            Style::new()
                .add_modifier(Modifier::BOLD)
                .remove_modifier(Modifier::DIM),
        );
        return;
    }
    mark(view, row, buf);
}

/// Draws a row as the selected one.
pub(in crate::tui) fn mark(view: &View<'_>, row: Rect, buf: &mut Buffer) {
    let mut style = view.style(Role::Selection);
    // Reversed rows with many colours are hard to read: they lose them.
    if style.add_modifier.contains(Modifier::REVERSED) {
        style = style
            .fg(Color::Reset)
            .bg(Color::Reset)
            .remove_modifier(Modifier::DIM);
    }
    buf.set_style(row, style);
}

/// How a pane goes on that is empty because there are no calls at all.
pub(in crate::tui) const FIRST: [&str; 2] = [
    "Press a to add one, 3 to read what tools there are.",
    "L runs the demo, or opens a plan or MCP servers found near.",
];

/// An empty pane says what it is for and which key fills it.
pub(in crate::tui) fn empty(view: &View<'_>, area: Rect, lines: &[&'static str], buf: &mut Buffer) {
    let style = view.style(Role::Muted);
    let lines = lines.iter().map(|line| Line::styled(*line, style));
    let text = Paragraph::new(lines.collect::<Vec<_>>());
    let inside = area.inner(Margin::new(1, 0));
    text.wrap(Wrap { trim: true }).render(inside, buf);
}

/// The same for lines that are laid out, and stay as they are.
pub(in crate::tui) fn lines(view: &View<'_>, area: Rect, lines: &[&'static str], buf: &mut Buffer) {
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        let mut strip = view.strip(area.width);
        strip.skip(1).put(*line, view.style(Role::Muted));
        strip.draw((area.x, y), buf);
    }
}

/// A box in the middle of the screen, cleared and framed; the area inside.
pub(in crate::tui) fn popup(
    view: &View<'_>,
    screen: Rect,
    size: (u16, u16),
    name: impl Into<Piece<'static>>,
    buf: &mut Buffer,
) -> Rect {
    boxed(view, popup_area(screen, size), name, buf)
}

/// Where a box in the middle of the screen is, its frame included.
pub(in crate::tui) fn popup_area(screen: Rect, size: (u16, u16)) -> Rect {
    let width = (size.0 + 2).min(screen.width);
    let height = (size.1 + 2).min(screen.height);
    let x = screen.x + (screen.width - width) / 2;
    let y = screen.y + (screen.height - height) / 3;
    Rect::new(x, y, width, height)
}

/// Where its content is.
pub(in crate::tui) fn popup_inner(screen: Rect, size: (u16, u16)) -> Rect {
    popup_area(screen, size).inner(Margin::new(1, 1))
}

/// A box over whatever is there, cleared and framed; the area inside.
pub(in crate::tui) fn boxed(
    view: &View<'_>,
    area: Rect,
    name: impl Into<Piece<'static>>,
    buf: &mut Buffer,
) -> Rect {
    blank(view, area, buf);
    Block::bordered()
        .border_set(view.glyphs.border())
        .border_style(view.style(Role::BorderFocus))
        .render(area, buf);
    let mut title = view.strip(area.width.saturating_sub(2));
    let style = view.style(Role::Title);
    title.put(" ", style).put(name, style).put(" ", style);
    titles(view, area, &title, &view.strip(0), buf);
    area.inner(Margin::new(1, 1))
}

/// A text field as the screen draws it; without a cursor where the keys are
/// not heard.
pub(in crate::tui) fn text_field(
    view: &View<'_>,
    field: &TextField,
    is_focused: bool,
    area: Rect,
    buf: &mut Buffer,
) {
    styled_field(view, field, is_focused, view.style(Role::Fg), area, buf);
}

/// The same with its text in a style.
pub(in crate::tui) fn styled_field(
    view: &View<'_>,
    field: &TextField,
    is_focused: bool,
    style: Style,
    area: Rect,
    buf: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    let mut shown = field.shown(view.glyphs.line_break());
    shown.set_style(style);
    shown.set_cursor_line_style(Style::new());
    if !is_focused {
        shown.set_cursor_style(Style::new());
    }
    (&shown).render(area, buf);
}
