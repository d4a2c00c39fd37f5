//! What the selected call prints.
//!
//! ```text
//! ┌ Output #14 grep ▸ running · both ──────────── FOLLOW  wrap off  214 lines ┐
//! │ src/net/pool.rs:41: bound the queue                               │
//! │!warning: skipped a binary file                                            │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```
//! The first column marks lines of standard error.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{View, chrome};
use crate::output::{OutputLine, Safe, Stream, Streams, Window};
use crate::theme::Role;
use crate::tui::glyphs::role_of_state;
use crate::tui::state::Pane;
use crate::tui::text::{Strip, figure, wrapped};

/// Draws the pane.
pub(super) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Output).is_empty() {
        return;
    }
    let inner = chrome::frame(view, Pane::Output, &title(view), &standing(view), buf);
    let window = view.state.output.window();
    let Some(window) = window.filter(|window| !window.lines.is_empty()) else {
        chrome::empty(view, inner, nothing(view), buf);
        return;
    };
    lines(view, window, inner, buf);
}

fn nothing(view: &View<'_>) -> &'static [&'static str] {
    match view.state.selected() {
        None => &["Select a call to read what it prints."],
        Some(row) if row.started.is_none() => &["It has not started yet."],
        Some(row) if row.state.is_ended() => &["It printed nothing."],
        Some(_) => &["Nothing printed so far."],
    }
}

fn title(view: &View<'_>) -> Strip {
    let mut left = chrome::title(view, Pane::Output, "Output");
    let Some(row) = view.state.selected() else {
        return left;
    };
    let style = view.style(Role::Title);
    left.put(figure::call(row.id), style).skip(1);
    left.put(Safe::new(row.name.as_str()), style).skip(1);
    let state = view.style(role_of_state(&row.state));
    left.put(view.glyphs.state(&row.state), state).skip(1);
    left.put(row.state.word(), state).skip(1);
    let shown = match view.state.output.streams {
        Streams::Both => return left,
        Streams::Only(Stream::Stdout) => "stdout only",
        Streams::Only(Stream::Stderr) => "stderr only",
    };
    let muted = view.style(Role::Muted);
    left.put(view.glyphs.dot(), muted)
        .skip(1)
        .put(shown, muted)
        .skip(1);
    left
}

/// Where the pane stands in the output, and what of it is gone.
fn standing(view: &View<'_>) -> Strip {
    let state = view.state;
    let mut right = Strip::new(view.layout.pane(Pane::Output).width, view.glyphs);
    let (muted, accent) = (view.style(Role::Muted), view.style(Role::Accent));
    let Some(window) = state.output.window() else {
        return right;
    };
    right.skip(1);
    if state.output.is_following() {
        let is_over = state.selected().is_none_or(|row| row.state.is_ended());
        right.put(if is_over { "END" } else { "FOLLOW" }, accent);
    } else {
        let new = state.output.new_lines();
        if new > 0 {
            right
                .put("+", accent)
                .put(figure::count(new as usize), accent)
                .put(" new ", accent);
            right.put(view.glyphs.down(), accent).put(" G", accent);
        } else {
            right.put("HELD", muted);
        }
    }
    right.put(
        if state.output.is_wrapped {
            "  wrap"
        } else {
            "  wrap off"
        },
        muted,
    );
    right
        .skip(2)
        .put(figure::plural(window.total_lines as usize, "line"), muted);
    if window.dropped_bytes > 0 {
        let warn = view.style(Role::ToastWarn);
        right
            .put("  dropped ", warn)
            .put(figure::bytes(window.dropped_bytes), warn);
    }
    right.skip(1);
    right
}

fn lines(view: &View<'_>, window: &Window, inner: Rect, buf: &mut Buffer) {
    let (first, skipped) = view.state.first_output_line();
    let width = inner.width.saturating_sub(1);
    let mut y = i32::from(inner.y) - i32::try_from(skipped).unwrap_or(i32::MAX);
    for line in window.lines.iter().skip(first) {
        if view.state.output.is_wrapped {
            for part in wrapped(line.text.as_str(), usize::from(width)) {
                put(view, line, part, y, inner, buf);
                y += 1;
            }
        } else {
            let part = crate::tui::text::from_column(line.text.as_str(), view.state.output.column);
            put(view, line, part, y, inner, buf);
            y += 1;
        }
        if y >= i32::from(inner.bottom()) {
            return;
        }
    }
}

/// Draws a part of a line, if its row is inside.
fn put(
    view: &View<'_>,
    line: &OutputLine,
    part: std::ops::Range<usize>,
    y: i32,
    inner: Rect,
    buf: &mut Buffer,
) {
    let Some(y) = u16::try_from(y)
        .ok()
        .filter(|y| (inner.y..inner.bottom()).contains(y))
    else {
        return;
    };
    let mut strip = view.strip(inner.width);
    let style = match line.stream {
        Stream::Stdout => view.style(Role::Fg),
        Stream::Stderr => view.style(Role::LogStderr),
    };
    match line.stream {
        Stream::Stderr => strip.put("!", style),
        Stream::Stdout => strip.put(" ", Style::new()),
    };
    strip.put_part(&line.text, part, style, view.theme.depth());
    strip.draw((inner.x, y), buf);
}
