//! The form of a call: a row per argument, then what else a call can have.
//!
//! ```text
//! ┌ Add a call: search ────────────────────────────────────────────────┐
//! │ Prints each line that holds a text                                  │
//! │  pattern*      retry                                 string         │
//! │▌ path*         src/                                  string         │
//! │                ✗ is shorter than 1 character                        │
//! │ ── call ──                                                          │
//! │  id                                                  name           │
//! │ A file or folder                                                    │
//! └─────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use serde_json::Value;

use crate::model::{Outcome, Tool};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::form::{FieldInput, FieldKind, Form, FormField, FormMode};
use crate::tui::text::field::TextField;
use crate::tui::text::{Align, Cut, Piece, Strip};
use crate::tui::views::{View, chrome};

/// Lines the form takes, with one to spare for a problem.
pub(in crate::tui) fn height(form: &Form) -> u16 {
    const HEADINGS: u16 = 5;
    let raw = if form.mode == FormMode::Raw { 12 } else { 0 };
    let rows = form.shown().map(|(_, field)| lines(field));
    let problems = (form.problems.len() as u16).min(4);
    rows.sum::<u16>() + raw + HEADINGS + problems
}

/// Lines a row takes.
fn lines(field: &FormField) -> u16 {
    field.kind.lines() + u16::from(field.problem.is_some())
}

/// Draws the form of a tool.
pub(in crate::tui) fn render(
    view: &View<'_>,
    form: &Form,
    tool: &Tool,
    area: Rect,
    buf: &mut Buffer,
) {
    let mut strip = view.strip(area.width);
    strip
        .skip(1)
        .put(Safe::new(&tool.description), view.style(Role::Muted));
    strip.draw(area.as_position(), buf);
    let (body, foot) = split(form, area);
    rows(view, form, body, buf);
    footer(view, form, foot, buf);
}

/// Where the rows are, below the tool's description, and the lines under them.
fn split(form: &Form, area: Rect) -> (Rect, Rect) {
    let foot = (form.problems.len() as u16).clamp(1, 4);
    let body_height = area.height.saturating_sub(2 + foot);
    let body = Rect::new(area.x, area.y + 2.min(area.height), area.width, body_height);
    let left = area.bottom().saturating_sub(body.bottom());
    (body, Rect::new(area.x, body.bottom(), area.width, left))
}

/// Draws the problems of the form, else the description of the focused row.
fn footer(view: &View<'_>, form: &Form, area: Rect, buf: &mut Buffer) {
    for (problem, y) in form.problems.iter().zip(area.y..area.bottom()) {
        wrong(view, problem, 1, area.width).draw((area.x, y), buf);
    }
    if form.problems.is_empty() && !area.is_empty() {
        let mut strip = view.strip(area.width);
        let focused = form.fields.get(form.focus);
        let text = focused
            .map(|field| Safe::new(&field.description))
            .unwrap_or_default();
        let muted = view.style(Role::Muted);
        strip.skip(1);
        if form.is_recalled(form.focus) {
            strip.put("As last time; the next key replaces it. ", muted);
        } else if let Some(value) = form.remembered(form.focus) {
            strip
                .put(view.glyphs.up(), view.style(Role::KeyHint))
                .skip(1)
                .put_cut(Safe::new(&plain(value)), 28, Cut::End, muted)
                .put(", as last time. ", muted);
        }
        strip.put(text, muted);
        strip.draw(area.as_position(), buf);
    }
}

fn wrong(view: &View<'_>, problem: &Safe, indent: usize, width: u16) -> Strip {
    let style = view.style(Role::ToastError);
    let mut strip = view.strip(width);
    strip
        .skip(indent)
        .put(view.glyphs.outcome(Outcome::Failed), style)
        .skip(1)
        .put(problem, style);
    strip
}

/// One piece of the form.
enum Part<'f> {
    Raw,
    Row(&'f FormField),
    Heading,
}

/// The pieces that are visible in an area, each with its place.
fn placed<'f>(form: &'f Form, area: Rect) -> Vec<(Part<'f>, usize, Rect)> {
    let mut parts: Vec<(Part<'f>, usize, u16)> = Vec::new();
    if form.mode == FormMode::Raw {
        let height = (area.height / 2).max(3);
        parts.push((Part::Raw, form.fields.len(), height));
    }
    let mut is_in_options = false;
    for (index, field) in form.shown() {
        if field.is_option && !is_in_options {
            is_in_options = true;
            parts.push((Part::Heading, usize::MAX, 1));
        }
        parts.push((Part::Row(field), index, lines(field)));
    }
    // Everything above the row with the keys is left out as far as is needed
    // for that row to be seen.
    let end = parts.iter().position(|(_, at, _)| *at == form.focus);
    let seen = parts.iter().take(end.unwrap_or(0) + 1);
    let to_focus: u16 = seen.map(|(_, _, lines)| lines).sum();
    let mut skipped = to_focus.saturating_sub(area.height);
    let mut y = area.y;
    let mut visible = Vec::new();
    for (part, index, lines) in parts {
        if skipped > 0 {
            skipped = skipped.saturating_sub(lines);
            continue;
        }
        let height = lines.min(area.bottom().saturating_sub(y));
        if height == 0 {
            break;
        }
        let at = Rect::new(area.x, y, area.width, height);
        visible.push((part, index, at));
        y += height;
    }
    visible
}

/// The row at a place of the screen, for a form inside of `area`.
pub(in crate::tui) fn field_at(form: &Form, area: Rect, at: Position) -> Option<usize> {
    let (body, _) = split(form, area);
    let parts = placed(form, body);
    let (_, index, _) = parts.into_iter().find(|(_, _, area)| area.contains(at))?;
    Some(index)
}

fn rows(view: &View<'_>, form: &Form, area: Rect, buf: &mut Buffer) {
    for (part, index, at) in placed(form, area) {
        let is_focused = index == form.focus;
        match part {
            Part::Raw => {
                let inner = Rect::new(at.x + 2, at.y, at.width.saturating_sub(2), at.height);
                bar(view, is_focused, at, buf);
                chrome::text_field(view, &form.raw, is_focused, inner, buf);
            }
            Part::Heading => heading(view, form.rest, at, buf),
            Part::Row(field) => {
                let row = FormRow {
                    field,
                    is_focused,
                    is_recalled: form.is_recalled(index),
                };
                row.render(view, at, buf);
            }
        }
    }
}

fn bar(view: &View<'_>, is_focused: bool, area: Rect, buf: &mut Buffer) {
    let mut strip = view.strip(1);
    strip.put(
        if is_focused {
            view.glyphs.selected()
        } else {
            " "
        },
        view.style(Role::Accent),
    );
    strip.draw(area.as_position(), buf);
}

fn heading(view: &View<'_>, name: &'static str, area: Rect, buf: &mut Buffer) {
    let style = view.style(Role::Border);
    let mut strip = view.strip(area.width);
    strip.skip(1);
    for _ in 0..2 {
        strip.put(view.glyphs.rule(), style);
    }
    let muted = view.style(Role::Muted);
    strip.put(" ", muted).put(name, muted).put(" ", muted);
    while strip.room() > 1 {
        strip.put(view.glyphs.rule(), style);
    }
    strip.draw(area.as_position(), buf);
}

/// A row as it is drawn.
struct FormRow<'f> {
    field: &'f FormField,
    is_focused: bool,
    is_recalled: bool,
}

impl FormRow<'_> {
    fn render(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let field = self.field;
        let label_cells = (usize::from(area.width) / 4).clamp(10, 24);
        let hint_cells = if area.width >= 60 { 22 } else { 0 };
        let muted = view.style(Role::Muted);
        let value = if self.is_recalled {
            muted
        } else {
            view.style(Role::Fg)
        };
        let mut strip = self.label(view, area.width, label_cells);
        let (x, used) = (area.x + strip.used() as u16, strip.used());
        let input_cells = usize::from(area.width).saturating_sub(used + hint_cells + 1);
        match &field.input {
            FieldInput::Text(_) | FieldInput::Nothing => strip.skip(input_cells),
            FieldInput::Toggle(on) => {
                let text = toggle(*on).then(default_note(field));
                strip.cell(text, input_cells, Align::Left, value)
            }
            FieldInput::Choice(chosen) => {
                let text = choice(field, *chosen).then(default_note(field));
                strip.cell(text, input_cells, Align::Left, value)
            }
        };
        if hint_cells > 0 && field.kind != FieldKind::Group {
            let hint = if self.is_recalled {
                Safe::new("as last time")
            } else {
                Safe::new(&field.hint)
            };
            strip.skip(1).put(hint, muted);
        }
        strip.draw(area.as_position(), buf);
        let lines = field.kind.lines().min(area.height);
        let place = Rect::new(x, area.y, input_cells as u16, lines);
        if let FieldInput::Text(typed) = &field.input {
            self.input(view, typed, place, buf);
        }
        if let Some(problem) = &field.problem
            && area.height > lines
        {
            wrong(view, problem, used, area.width).draw((area.x, area.y + lines), buf);
        }
    }

    /// Its bar and its name, up to the column of the values.
    fn label(&self, view: &View<'_>, width: u16, cells: usize) -> Strip {
        let (bar, role) = if self.is_focused {
            (view.glyphs.selected(), Role::Accent)
        } else {
            (" ", Role::Fg)
        };
        let mut strip = view.strip(width);
        strip
            .put(bar, view.style(Role::Accent))
            .skip(1 + self.field.depth() * 2)
            .put_cut(
                Safe::new(self.field.name()),
                cells,
                Cut::End,
                view.style(role),
            );
        let star = if self.field.is_required { "*" } else { "" };
        strip.put(star, view.style(Role::Danger)).skip_to(cells + 2);
        strip
    }

    /// A text field; its default, dim, in its place while nothing is typed.
    fn input(&self, view: &View<'_>, typed: &TextField, area: Rect, buf: &mut Buffer) {
        let muted = view.style(Role::Muted);
        let is_empty = typed.text().is_empty();
        if is_empty && let Some(default) = &self.field.default {
            let mut strip = view.strip(area.width);
            strip
                .put(Safe::new(&plain(default)), muted)
                .put(" (default)", muted);
            strip.draw(area.as_position(), buf);
            if self.is_focused {
                let cursor = Rect::new(area.x, area.y, 1.min(area.width), 1);
                buf.set_style(cursor, Style::new().add_modifier(Modifier::REVERSED));
            }
            return;
        }
        if is_empty && !self.is_focused {
            let mut strip = view.strip(area.width);
            for _ in 0..area.width.min(24) {
                strip.put(view.glyphs.dot(), view.style(Role::MeterTrack));
            }
            strip.draw(area.as_position(), buf);
            return;
        }
        let style = if self.is_recalled {
            muted
        } else {
            view.style(Role::Fg)
        };
        chrome::styled_field(view, typed, self.is_focused, style, area, buf);
    }
}

/// A value as it is typed.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The default behind a choice that is left out.
fn default_note(field: &FormField) -> Piece<'static> {
    match field.default.as_ref().filter(|_| field.is_blank()) {
        Some(default) => Piece::from(", default ").then(Safe::new(&plain(default))),
        None => Piece::default(),
    }
}

fn toggle(value: Option<bool>) -> Piece<'static> {
    Piece::from(match value {
        None => "[ ] left out",
        Some(true) => "[x] true",
        Some(false) => "[ ] false",
    })
}

fn choice(field: &FormField, chosen: Option<usize>) -> Piece<'static> {
    let Some((shown, _)) = field.choices() else {
        return Piece::default();
    };
    match chosen.and_then(|index| shown.get(index)) {
        Some(text) => Piece::from("< ").then(Safe::new(text)).then(" >"),
        None => Piece::from("< left out >"),
    }
}
