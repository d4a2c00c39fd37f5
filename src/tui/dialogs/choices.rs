//! The values that a row of a form takes.
//!
//! ```text
//! ┌ mode ────────────────┐
//! │ value: ap            │
//! │▌append               │
//! └──────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::output::Safe;
use crate::theme::Role;
use crate::tui::dialogs::picker;
use crate::tui::dialogs::picker::Picker;
use crate::tui::form::FormField;
use crate::tui::state::{Choices, Layer};
use crate::tui::views::Hit;
use crate::tui::views::{View, chrome};

/// Columns and rows inside its frame.
fn size(choices: &Choices, screen: Rect) -> (u16, u16) {
    let rows = u16::try_from(choices.labels.len()).unwrap_or(u16::MAX);
    let most = screen.height.saturating_sub(4).min(16);
    (
        44.min(screen.width.saturating_sub(4)),
        rows.saturating_add(1).min(most),
    )
}

/// The row of the picker at a place of the screen.
pub(in crate::tui) fn choice_at(choices: &Choices, screen: Rect, at: Position) -> Option<Hit> {
    let area = chrome::popup_area(screen, size(choices, screen));
    picker::hit(area, &choices.list, at)
}

/// Draws the picker.
pub(in crate::tui) fn render(
    view: &View<'_>,
    choices: &Choices,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let field = view
        .state
        .layers
        .iter()
        .rev()
        .find_map(|layer| match layer {
            Layer::Add(add) => add.form.as_ref()?.fields.get(choices.row),
            _ => None,
        });
    let name = Safe::new(field.map_or("value", FormField::name));
    let inner = chrome::popup(view, screen, size(choices, screen), name, buf);
    let picker = Picker {
        prompt: "value: ",
        list: &choices.list,
        nothing: "No value is like that.",
    };
    picker.render(view, inner, buf, |at, strip| {
        if let Some(label) = choices.labels.get(*at) {
            strip.put(Safe::new(label), view.style(Role::Fg));
        }
    });
    None
}
