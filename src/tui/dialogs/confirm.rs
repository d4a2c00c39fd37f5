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

use crate::lab::ExperimentRequest;
use crate::theme::Role;
use crate::tui::state::{Ask, ExperimentKind, Question};
use crate::tui::text::{Strip, figure};
use crate::tui::views::{View, chrome};

/// Columns and rows inside the frame.
fn size(ask: Ask) -> (u16, u16) {
    let rows = ask.question.answers().len() as u16 + first_answer(ask);
    match ask.question {
        Question::Experiment(_) => (58, rows),
        _ => (36, rows),
    }
}

/// The row of the first answer: below what it concerns, and a blank.
fn first_answer(ask: Ask) -> u16 {
    match ask.question {
        Question::Experiment(_) => 4,
        _ => 2,
    }
}

/// The answer at a place of the screen.
pub(in crate::tui) fn answer_at(ask: Ask, screen: Rect, at: Position) -> Option<usize> {
    let inner = chrome::popup_inner(screen, size(ask));
    let answer = usize::from(at.y.checked_sub(inner.y + first_answer(ask))?);
    (inner.contains(at) && answer < ask.question.answers().len()).then_some(answer)
}

/// Draws the question.
pub(in crate::tui) fn render(
    view: &View<'_>,
    ask: Ask,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let answers = ask.question.answers();
    let name = match ask.question {
        Question::Quit | Question::LeaveExperiment => "Leave?",
        Question::CancelAll => "Cancel all?",
        Question::DropForm => "Give up the form?",
        Question::FillForm => "Fill the form?",
        Question::CancelMarked => "Cancel?",
        Question::KillMarked => "Kill?",
        Question::StopServer => "Close the server?",
        Question::RestartServer => "Restart the server?",
        Question::UseChanged(_) => "Use changed tools?",
        Question::KeepCopy => "Copy?",
        Question::Experiment(ExperimentKind::Compare) => "Compare?",
        Question::Experiment(ExperimentKind::Sweep) => "Sweep?",
        Question::Experiment(ExperimentKind::GoOn) => "Go on with the sweep?",
    };
    let inner = chrome::popup(view, screen, size(ask), name, buf);
    match ask.question {
        Question::Experiment(kind) => experiment(view, kind, inner, buf),
        _ => facts(view, ask.question, inner.width).draw(inner.as_position(), buf),
    }
    let first = inner.y + first_answer(ask);
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

/// How often an experiment runs what.
fn experiment(view: &View<'_>, kind: ExperimentKind, inner: Rect, buf: &mut Buffer) {
    let Some(plan) = view.state.plan_to_try() else {
        return;
    };
    let asked = view.state.experiment_asked(kind, &plan);
    let style = view.style(Role::Fg);
    let mut runs = view.strip(inner.width);
    runs.skip(1);
    if let ExperimentRequest::Sweep(_, done) = &asked
        && !done.is_empty()
    {
        runs.put(figure::count(done.len()), style)
            .put(" done, ", style);
    }
    let (about, or_more) = match asked {
        ExperimentRequest::Compare(_) => ("", " or more of "),
        ExperimentRequest::Sweep(..) => ("about ", " of "),
    };
    runs.put(about, style)
        .put(figure::plural(asked.runs(), "run"), style)
        .put(or_more, style)
        .put(figure::plural(plan.calls.len(), "call"), style)
        .put(", one run after another,", style);
    let mut caps = view.strip(inner.width);
    caps.skip(1).put("at caps ", style);
    for (index, cap) in asked.caps().iter().enumerate() {
        caps.put(if index > 0 { ", " } else { "" }, style);
        caps.put(figure::cap(*cap), style);
    }
    caps.put(".", style);
    let mut warning = view.strip(inner.width);
    let text = "What the calls change, they change again in every run.";
    warning.skip(1).put(text, view.style(Role::ToastWarn));
    let lines = [runs, caps, warning];
    for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
        line.draw((inner.x, y), buf);
    }
}

/// Draws the facts that the answer concerns.
fn facts(view: &View<'_>, question: Question, width: u16) -> Strip {
    let counts = &view.state.run.counts;
    let style = view.style(Role::Fg);
    let mut strip = view.strip(width);
    strip.skip(1);
    if question == Question::DropForm {
        strip.put("What was typed is not queued.", style);
        return strip;
    }
    if question == Question::FillForm {
        strip.put("A JSON object was pasted.", style);
        return strip;
    }
    if question == Question::LeaveExperiment {
        strip.put("An experiment is under way.", style);
        return strip;
    }
    if question == Question::KeepCopy {
        strip.put("More than 64K: no clipboard.", style);
        return strip;
    }
    if matches!(question, Question::StopServer | Question::RestartServer) {
        let busy = view.state.selected_server().map_or(0, |it| it.in_flight);
        strip
            .put(figure::plural(busy, "call"), style)
            .put(" in flight will fail.", style);
        return strip;
    }
    if let Question::UseChanged(_) = question {
        let held = view.state.selected_server();
        let held = held.map_or(0, |it| it.held_back.tools.len());
        strip
            .put(figure::plural(held, "tool"), style)
            .put(" described otherwise.", style);
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
