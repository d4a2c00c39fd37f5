//! A list that is narrowed by typing: the line that is typed, and the rows it
//! leaves.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};

use super::Press;
use crate::theme::Role;
use crate::tui::action::{Action, ActionGroup, FieldAction, FormAction};
use crate::tui::state::Shortlist;
use crate::tui::text::Strip;
use crate::tui::views::{View, chrome};

/// Content of a picker.
pub(super) struct Picker<'p, T> {
    /// Prompt of the line.
    pub(super) prompt: &'static str,
    /// Entries to choose from.
    pub(super) list: &'p Shortlist<T>,
    /// Text shown where no row is left.
    pub(super) nothing: &'static str,
}

/// The first visible row, where `height` fit.
fn first(marked: usize, height: u16) -> usize {
    (marked + 1).saturating_sub(usize::from(height).max(1))
}

/// Outcome of a key or a press for a picker.
#[derive(Clone, Copy)]
pub(super) enum Picked {
    /// The row that is marked may be another one.
    Marked,
    /// The marked row is taken.
    Taken,
    /// The picker is left.
    Left,
    /// Nothing changes.
    Nothing,
}

/// Carries an action out on a list.
pub(super) fn act<T>(list: &mut Shortlist<T>, action: Action) -> Picked {
    match action.group() {
        ActionGroup::Field(action) => match action {
            FieldAction::MarkNext => list.turn(1),
            FieldAction::MarkPrevious => list.turn(-1),
            FieldAction::Take => return Picked::Taken,
        },
        ActionGroup::Form(FormAction::Close) => return Picked::Left,
        _ => return Picked::Nothing,
    }
    Picked::Marked
}

/// Marks the row that is pressed; a press on the marked row takes it, and one
/// beside the picker's frame `area` leaves it.
pub(super) fn pressed<T>(list: &mut Shortlist<T>, area: Rect, press: Press) -> Picked {
    let inner = area.inner(Margin::new(1, 1));
    let Press { at, is_double, .. } = press;
    if !area.contains(at) {
        return Picked::Left;
    }
    let Some(line) = at.y.checked_sub(inner.y + 1) else {
        return Picked::Nothing;
    };
    let row = first(list.marked, inner.height.saturating_sub(1)) + usize::from(line);
    if !inner.contains(at) || row >= list.found.len() {
        return Picked::Nothing;
    }
    let was_marked = std::mem::replace(&mut list.marked, row) == row;
    if was_marked || is_double {
        Picked::Taken
    } else {
        Picked::Marked
    }
}

/// The wheel marks the row before or after.
pub(super) const WHEEL: Option<[Action; 2]> = Some([Action::MarkPrevious, Action::MarkNext]);

impl<T> Picker<'_, T> {
    /// Draws the line and the rows; `row` fills one behind its bar.
    pub(super) fn render(
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
        chrome::text_field(view, &self.list.filter, true, field, buf);
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
