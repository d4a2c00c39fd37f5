//! A list that is narrowed by typing: the line that is typed, and the rows it
//! leaves.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};

use crate::theme::Role;
use crate::tui::dialogs::form;
use crate::tui::state::Shortlist;
use crate::tui::text::Strip;
use crate::tui::views::Hit;
use crate::tui::views::{View, chrome};

/// Content of a picker.
pub(in crate::tui) struct Picker<'p, T> {
    /// Prompt of the line.
    pub(in crate::tui) prompt: &'static str,
    /// Entries to choose from.
    pub(in crate::tui) list: &'p Shortlist<T>,
    /// Text shown where no row is left.
    pub(in crate::tui) nothing: &'static str,
}

/// The first visible row, where `height` fit.
fn first(marked: usize, height: u16) -> usize {
    (marked + 1).saturating_sub(usize::from(height).max(1))
}

/// Returns the target at a place of the screen, if the picker's frame is `area`.
pub(in crate::tui) fn hit<T>(area: Rect, list: &Shortlist<T>, at: Position) -> Option<Hit> {
    let inner = area.inner(Margin::new(1, 1));
    if !area.contains(at) {
        return Some(Hit::Beside);
    }
    let line = usize::from(at.y.checked_sub(inner.y + 1)?);
    let row = first(list.marked, inner.height.saturating_sub(1)) + line;
    (inner.contains(at) && row < list.found.len()).then_some(Hit::Choice(row))
}

impl<T> Picker<'_, T> {
    /// Draws the line and the rows; `row` fills one behind its bar.
    pub(in crate::tui) fn render(
        &self,
        view: &View<'_>,
        inner: Rect,
        buf: &mut Buffer,
        row: impl Fn(&T, &mut Strip),
    ) {
        let mut prompt = view.strip(inner.width);
        prompt.skip(1).put(self.prompt, view.style(Role::Muted));
        prompt.draw(inner.as_position(), buf);
        let used = (prompt.used() as u16).min(inner.width);
        let (width, line) = (inner.width - used, inner.height.min(1));
        let field = Rect::new(inner.x + used, inner.y, width, line);
        form::text_field(view, &self.list.filter, true, field, buf);
        let height = inner.height.saturating_sub(1);
        let rows = Rect::new(inner.x, inner.bottom() - height, inner.width, height);
        if self.list.found.is_empty() {
            chrome::empty(view, rows, &[self.nothing], buf);
            return;
        }
        let marked = self.list.marked;
        let all = self.list.found.iter().enumerate();
        let visible = all.skip(first(marked, rows.height));
        for ((index, item), y) in visible.zip(rows.y..rows.bottom()) {
            let is_marked = index == marked;
            let bar = if is_marked {
                view.glyphs.selected()
            } else {
                " "
            };
            let mut strip = view.strip(rows.width);
            strip.put(bar, view.style(Role::Accent));
            row(item, &mut strip);
            strip.draw((rows.x, y), buf);
            if is_marked {
                let row = Rect::new(rows.x + 1, y, rows.width.saturating_sub(1), 1);
                chrome::mark(view, row, buf);
            }
        }
    }
}
