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
use crate::tui::text::{Strip, figure};

/// Columns and rows inside the frame.
fn size(ask: Ask) -> (u16, u16) {
    (36, ask.question.answers().len() as u16 + 2)
}

/// The answer at a place of the screen.
pub(super) fn answer_at(ask: Ask, screen: Rect, at: Position) -> Option<usize> {
    let inner = chrome::popup_inner(screen, size(ask));
    let answer = usize::from(at.y.checked_sub(inner.y + 2)?);
    (inner.contains(at) && answer < ask.question.answers().len()).then_some(answer)
}

/// Draws the question.
pub(super) fn render(
    view: &View<'_>,
    ask: Ask,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let answers = ask.question.answers();
    let name = match ask.question {
        Question::Quit => "Leave?",
        Question::CancelAll => "Cancel all?",
        Question::DropForm => "Give up the form?",
        Question::CancelMarked => "Cancel?",
        Question::KillMarked => "Kill?",
        Question::KeepCopy => "Copy?",
    };
    let inner = chrome::popup(view, screen, size(ask), name, buf);
    facts(view, ask.question, inner.width).draw(inner.as_position(), buf);
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

/// What the answer concerns.
fn facts(view: &View<'_>, question: Question, width: u16) -> Strip {
    let counts = &view.state.run.counts;
    let style = view.style(Role::Fg);
    let mut strip = view.strip(width);
    strip.skip(1);
    if question == Question::DropForm {
        strip.put("What was typed is not queued.", style);
        return strip;
    }
    if question == Question::KeepCopy {
        strip.put("More than 64K: no clipboard.", style);
        return strip;
    }
    if matches!(question, Question::CancelMarked | Question::KillMarked) {
        let marked = view.state.marked.len();
        strip
            .put(figure::plural(marked, "marked call"), style)
            .put(".", style);
        return strip;
    }
    let (busy, waiting) = (counts.busy(), counts.queued + counts.retrying);
    strip.put(figure::plural(busy, "call"), style);
    strip.put(if busy == 1 { " runs, " } else { " run, " }, style);
    strip.put(figure::count(waiting), style);
    strip.put(if waiting == 1 { " waits." } else { " wait." }, style);
    strip
}
