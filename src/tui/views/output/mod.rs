//! Output of the selected call, or of all calls.
//!
//! ```text
//! ┌ Output #14 grep ▸ running ─────────────── FOLLOW  wrap off  214 lines ┐
//! │ src/net/pool.rs:41: bound the queue                                   │
//! │┃warning: skipped a binary file                                        │
//! └───────────────────────────────────────────────────────────────────────┘
//! ```
//! Before the text stand, as far as they are shown, the time, the call, and a
//! mark on lines of standard error.

mod curves;
pub(in crate::tui) mod detail;
mod program;
pub(in crate::tui) mod title;
pub(in crate::tui) mod tree;

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::model::{AttemptNo, CallId};
use crate::output::{OutputLine, Safe, Stream};
use crate::theme::Role;
use crate::tui::state::layout::{CALL, TIME};
use crate::tui::state::output::{Content, PageRow};
use crate::tui::state::{Pane, PickedLines, Scope};
use crate::tui::text::glyphs::{role_of_outcome, role_of_state};
use crate::tui::text::{Align, Cut, Piece, Strip, agent, figure, from_column, width, words};
use crate::tui::views::{View, chrome};

/// Cells of the names at the left of a call's details, with the blank behind
/// them.
const NAMES: usize = 12;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Output).is_empty() {
        return;
    }
    let left = title::title(view);
    let right = title::status(view, &left);
    let inner = chrome::frame(view, Pane::Output, &left, &right, buf);
    if view.state.is_tree_shown() {
        tree::render(view, inner, buf);
    } else if view.state.output.page.rows.is_empty() {
        chrome::empty(view, inner, nothing(view), buf);
        why_nothing(view, inner, buf);
    } else {
        rows(view, inner, buf);
    }
}

fn nothing(view: &View<'_>) -> &'static [&'static str] {
    let output = &view.state.output;
    if output.scope != Scope::Call {
        return &["No call has printed anything yet."];
    }
    if output.is_filtered() {
        return &["No line matches.", "& shows all lines again."];
    }
    match view.state.selected() {
        None => &["Select a call to read what it prints."],
        Some(row) if row.started.is_none() && row.state.is_ended() => &["It never started."],
        Some(row) if row.started.is_none() => &["It has not started yet."],
        Some(row) if row.state.is_ended() => &["It printed nothing."],
        Some(_) => &["Nothing printed so far."],
    }
}

/// Draws the reason of a call that did not succeed and printed nothing.
fn why_nothing(view: &View<'_>, inner: Rect, buf: &mut Buffer) {
    let state = view.state;
    let row = state.selected().filter(|row| row.is_unsuccessful());
    let is_told = state.output.scope == Scope::Call && !state.output.is_filtered();
    let Some((row, reason)) = row
        .filter(|_| is_told)
        .and_then(|it| Some((it, it.reason.as_ref()?)))
    else {
        return;
    };
    let text = format!("{}: {reason}", row.state.word());
    let lines = words::wrap(&text, usize::from(inner.width).saturating_sub(2).max(8));
    for (line, y) in lines.into_iter().zip(inner.y + 1..inner.bottom()) {
        let mut strip = view.strip(inner.width);
        strip
            .skip(1)
            .put(line, view.style(role_of_state(&row.state)));
        strip.draw((inner.x, y), buf);
    }
}

fn rows(view: &View<'_>, inner: Rect, buf: &mut Buffer) {
    let top = view.state.first_output_row();
    let output = &view.state.output;
    let picked = output.picked.and_then(PickedLines::places);
    let mut y = i32::from(inner.y) - i32::try_from(top.skipped).unwrap_or(i32::MAX);
    for row in output.page.rows.iter().skip(top.index) {
        if y >= i32::from(inner.bottom()) {
            return;
        }
        match &row.content {
            Content::Title(attempt) => {
                if let Some(line) = line_area(inner, y) {
                    match attempt {
                        Some(attempt) => attempt_rule(view, row.call, *attempt, line, buf),
                        None => heading(view, row.call, line, buf),
                    }
                }
                y += 1;
            }
            Content::Line(line) => {
                text(view, row, line, y, inner, buf);
                if picked.as_ref().is_some_and(|it| it.contains(&row.place)) {
                    mark(view, y, row.height(), inner, buf);
                }
                y += i32::try_from(row.height()).unwrap_or(i32::MAX);
            }
        }
    }
}

/// Marks the rows of a picked line.
fn mark(view: &View<'_>, y: i32, height: usize, inner: Rect, buf: &mut Buffer) {
    let below = y.saturating_add(i32::try_from(height).unwrap_or(i32::MAX));
    for area in (y..below.min(i32::from(inner.bottom()))).filter_map(|y| line_area(inner, y)) {
        chrome::mark(view, area, buf);
    }
}

/// A row of the pane, if it is inside.
fn line_area(inner: Rect, y: i32) -> Option<Rect> {
    let y = u16::try_from(y).ok()?;
    let is_inside = (inner.y..inner.bottom()).contains(&y);
    is_inside.then(|| Rect::new(inner.x, y, inner.width, 1))
}

/// A line, in as many rows as it takes.
fn text(view: &View<'_>, row: &PageRow, line: &OutputLine, y: i32, inner: Rect, buf: &mut Buffer) {
    let output = &view.state.output;
    let hits = output.find.pattern().map(|it| it.find_in(&line.text));
    let hits = hits.unwrap_or_default();
    let is_found = output.find.at == Some(row.place) && !output.is_filtered();
    let mut part = |index: usize, part: Range<usize>| {
        let Some(area) = line_area(inner, y + i32::try_from(index).unwrap_or(i32::MAX)) else {
            return;
        };
        let mut strip = view.strip(area.width);
        before(view, &mut strip, row.call, line, index == 0);
        let x = area.x + strip.used() as u16;
        strip.put_part(
            &line.text,
            part.clone(),
            view.style(stream_role(line.stream)),
            view.theme.depth(),
        );
        strip.draw(area.as_position(), buf);
        let end = area.x + strip.used() as u16;
        let room = Rect::new(x, area.y, end.saturating_sub(x), 1);
        for hit in &hits {
            highlight(view, line.text.as_str(), &part, hit, room, is_found, buf);
        }
    };
    if row.parts.is_empty() {
        part(0, from_column(line.text.as_str(), output.column));
        return;
    }
    for (index, range) in row.parts.iter().enumerate() {
        part(index, range.clone());
    }
}

fn stream_role(stream: Stream) -> Role {
    match stream {
        Stream::Stdout => Role::Fg,
        Stream::Stderr => Role::LogStderr,
    }
}

/// Draws the prefix of a line: time, call and stream.
fn before(view: &View<'_>, strip: &mut Strip, call: CallId, line: &OutputLine, is_first: bool) {
    let output = &view.state.output;
    let muted = view.style(Role::Muted);
    if output.has_times {
        match line.at.filter(|_| is_first) {
            Some(at) => strip.cell(figure::stamp(at), TIME - 1, Align::Left, muted),
            None => strip.skip(TIME - 1),
        };
        strip.skip(1);
    }
    if output.scope == Scope::Live {
        let end = strip.used() + CALL;
        if let Some(row) = view.state.run.row(call).filter(|_| is_first) {
            let style = view.style(role_of_state(&row.state));
            strip.put(figure::call(row.id), muted).skip(1);
            let room = (end - 1).saturating_sub(strip.used());
            strip.put_cut(agent::marked_name(row), room, Cut::Middle, style);
        }
        strip.skip_to(end);
    }
    match line.stream {
        Stream::Stderr => strip.put(view.glyphs.stderr(), view.style(Role::LogStderr)),
        Stream::Stdout => strip.skip(1),
    };
}

/// Marks what matches, as far as it is in a part of the line. The match that
/// was found last stands out.
fn highlight(
    view: &View<'_>,
    text: &str,
    part: &Range<usize>,
    hit: &Range<usize>,
    room: Rect,
    is_found: bool,
    buf: &mut Buffer,
) {
    let (from, to) = (hit.start.max(part.start), hit.end.min(part.end));
    let (Some(before), Some(inside)) = (text.get(part.start..from), text.get(from..to)) else {
        return;
    };
    let x = usize::from(room.x) + width(before);
    let x = u16::try_from(x).unwrap_or(u16::MAX);
    let cells = Rect::new(
        x,
        room.y,
        u16::try_from(width(inside)).unwrap_or(u16::MAX),
        1,
    );
    let mut style = view.style(Role::Match);
    if is_found {
        style = style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    }
    buf.set_style(cells.intersection(room), style);
}

/// Where the output of a call begins among those of all.
fn heading(view: &View<'_>, call: CallId, area: Rect, buf: &mut Buffer) {
    let mut strip = view.strip(area.width);
    let Some(row) = view.state.run.row(call) else {
        return;
    };
    let style = view.style(Role::Title).add_modifier(Modifier::BOLD);
    let state = view.style(role_of_state(&row.state));
    let border = view.style(Role::Border);
    strip
        .put(view.glyphs.rule(), border)
        .skip(1)
        .put(figure::call(row.id), style)
        .skip(1)
        .put(agent::marked_name(row), style)
        .skip(1)
        .put(view.glyphs.state(&row.state), state)
        .skip(1)
        .put(row.state.word(), state);
    if let Some(reason) = &row.reason {
        strip
            .skip(1)
            .put(view.glyphs.dot(), view.style(Role::Muted))
            .skip(1)
            .put(Safe::new(reason), state);
    }
    strip.skip(1);
    while strip.room() > 0 {
        strip.put(view.glyphs.rule(), border);
    }
    strip.draw(area.as_position(), buf);
}

/// Where the output of an attempt begins among those of its call.
fn attempt_rule(view: &View<'_>, call: CallId, attempt: AttemptNo, area: Rect, buf: &mut Buffer) {
    let Some(row) = view.state.run.row(call) else {
        return;
    };
    let Some(record) = row.attempts.iter().find(|it| it.attempt == attempt) else {
        return;
    };
    let (border, muted) = (view.style(Role::Border), view.style(Role::Muted));
    let last = row.attempts.last().map_or(attempt, |it| it.attempt);
    let mut strip = view.strip(area.width);
    strip
        .put(view.glyphs.rule(), border)
        .put(" attempt ", view.style(Role::Title))
        .put(figure::part(attempt.0, last.0), view.style(Role::Title));
    let mut also = |text: Piece<'static>, style| {
        strip
            .skip(1)
            .put(view.glyphs.dot(), muted)
            .skip(1)
            .put(text, style);
    };
    if let Some(outcome) = record.outcome {
        let style = view.style(role_of_outcome(outcome));
        let reason = record.ending.as_ref().and_then(|it| it.reason.as_ref());
        also(
            match reason {
                Some(reason) => Piece::from(outcome.word())
                    .then(": ")
                    .then(Safe::new(reason)),
                None => Piece::from(outcome.word()),
            },
            style,
        );
    }
    if let Some(ended) = record.ended {
        also(figure::took(ended.saturating_sub(record.started)), muted);
    }
    strip.skip(1);
    while strip.room() > 0 {
        strip.put(view.glyphs.rule(), border);
    }
    strip.draw(area.as_position(), buf);
}
