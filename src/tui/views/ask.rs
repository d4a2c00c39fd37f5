//! A question with a few answers.
//!
//! ```text
//! ┌ Leave? ─────────────────────────────────────────────┐
//! │ 4 calls run and 3 wait.                             │
//! │ [Keep running]  Drain and leave  Cancel all and leave
//! └─────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{View, chrome};
use crate::theme::Role;
use crate::tui::state::{Ask, Question};
use crate::tui::text::figure;

/// Draws the question.
pub(super) fn render(
    view: &View<'_>,
    ask: Ask,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let answers = ask.question.answers();
    let (name, height) = match ask.question {
        Question::Quit => ("Leave?", answers.len() as u16 + 2),
        Question::CancelAll => ("Cancel all?", answers.len() as u16 + 2),
    };
    let inner = chrome::popup(view, screen, (36, height), name, buf);
    let counts = &view.state.run.counts;
    let style = view.style(Role::Fg);
    let mut strip = view.strip(inner.width);
    strip
        .skip(1)
        .put(figure::plural(counts.busy(), "call"), style);
    strip.put(
        if counts.busy() == 1 {
            " runs, "
        } else {
            " run, "
        },
        style,
    );
    let waiting = counts.queued + counts.retrying;
    strip.put(figure::count(waiting), style);
    strip.put(if waiting == 1 { " waits." } else { " wait." }, style);
    strip.draw(inner.as_position(), buf);
    let first = inner.y + 2;
    for ((index, answer), y) in answers.iter().enumerate().zip(first..inner.bottom()) {
        let role = if index == 0 { Role::Fg } else { Role::Danger };
        let mut strip = view.strip(inner.width);
        let bar = if ask.marked == index {
            view.glyphs.selected()
        } else {
            " "
        };
        strip
            .put(bar, view.style(Role::Accent))
            .skip(1)
            .put(*answer, view.style(role));
        strip.draw((inner.x, y), buf);
        if ask.marked == index {
            let row = Rect::new(inner.x + 1, y, inner.width.saturating_sub(1), 1);
            chrome::mark(view, row, buf);
        }
    }
    None
}
