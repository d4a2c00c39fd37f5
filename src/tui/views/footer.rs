//! The line of keys, and the line of messages above it or in its place.
//!
//! ```text
//!  ✓ message                                                          messages
//!  a add   x cancel   r run again   Enter output   -/+ cap   ? help   q quit
//! ```
//! Keys come from the action table by their place; what does not fit is left
//! out, and help always stands at the end.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::View;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, Entry, TABLE};
use crate::tui::state::{Field, Layer, Level};
use crate::tui::text::{Piece, Strip, figure};

/// Draws both lines.
pub(super) fn render(view: &View<'_>, buf: &mut Buffer) {
    let (toast, footer) = (view.layout.toast, view.layout.footer);
    let message = message(view, toast.width);
    if let Some(Layer::Filter(field)) = view.state.layers.last() {
        filter(view, field, toast, buf);
        if footer == toast {
            return;
        }
    }
    if footer != toast || message.is_none() {
        keys(view, footer, buf);
    }
    let is_filtering = matches!(view.state.layers.last(), Some(Layer::Filter(_)));
    if let Some(strip) = message.filter(|_| !is_filtering) {
        strip.draw(toast.as_position(), buf);
    }
}

/// The field of the filter, and how many calls it leaves.
fn filter(view: &View<'_>, field: &Field, area: Rect, buf: &mut Buffer) {
    let mut strip = view.strip(area.width);
    strip.skip(1).put("filter: ", view.style(Role::Muted));
    strip.draw(area.as_position(), buf);
    let used = (strip.used() as u16).min(area.width);
    let area = Rect::new(area.x + used, area.y, area.width - used, area.height);
    super::form::text_field(view, field, true, area, buf);
}

/// What is said: an armed cancellation first, then the latest message.
fn message(view: &View<'_>, width: u16) -> Option<Strip> {
    let state = view.state;
    let mut strip = Strip::new(width, view.glyphs);
    strip.skip(1);
    if let Some(armed) = state.armed {
        let style = view.style(Role::Danger);
        let key = state.keymap.key(Action::Cancel).unwrap_or_default();
        strip.put("press ", style).put(Safe::new(&key), style);
        strip
            .put(" again to cancel ", style)
            .put(figure::call(armed.call), style);
        if let Some(row) = state.run.row(armed.call) {
            strip.skip(1).put(Safe::new(row.name.as_str()), style);
        }
        return Some(strip);
    }
    if let Some(toast) = state.toasts.showing(state.now) {
        let role = match toast.level {
            Level::Info => Role::ToastInfo,
            Level::Warn => Role::ToastWarn,
            Level::Error => Role::ToastError,
        };
        strip.put(toast.text.clone(), view.style(role));
        log_hint(view, &mut strip);
        return Some(strip);
    }
    None
}

/// Where all messages are kept, at the end of the line.
fn log_hint(view: &View<'_>, strip: &mut Strip) {
    let key = view.state.keymap.key(Action::Messages).unwrap_or_default();
    let mut hint = view.strip(16);
    hint.put("messages ", view.style(Role::Muted))
        .put(Safe::new(&key), view.style(Role::KeyHint))
        .skip(1);
    if strip.room() > hint.used() {
        let end = strip.used() + strip.room();
        strip.skip_to(end - hint.used()).append(&hint);
    }
}

fn keys(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let mut shown: Vec<&Entry> = applicable(view).collect();
    shown.sort_by_key(|entry| entry.footer);
    let (tail, body): (Vec<&Entry>, Vec<&Entry>) =
        shown.into_iter().partition(|it| it.footer >= Some(90));
    let mut end = view.strip(area.width);
    for entry in tail {
        put_entry(view, &mut end, entry);
    }
    let mut strip = view.strip(area.width);
    for entry in body {
        let mut next = view.strip(area.width);
        put_entry(view, &mut next, entry);
        if strip.used() + next.used() + end.used() > usize::from(area.width) {
            break;
        }
        strip.append(&next);
    }
    strip.append(&end).draw(area.as_position(), buf);
}

/// The rows of the table whose keys are heard now.
fn applicable<'a>(view: &View<'a>) -> impl Iterator<Item = &'static Entry> + 'a {
    let contexts = view.state.contexts();
    let is_reading = matches!(
        view.state.layers.last(),
        Some(Layer::Help(_) | Layer::Messages(_))
    );
    let heard = TABLE
        .iter()
        .filter(move |entry| entry.contexts.iter().any(|it| contexts.contains(it)));
    heard.filter(move |entry| match entry.action {
        Action::Back => is_reading,
        _ => entry.footer.is_some() && !is_reading,
    })
}

fn put_entry(view: &View<'_>, strip: &mut Strip, entry: &Entry) {
    let key = |action| view.state.keymap.key(action).map(|key| Safe::new(&key));
    let Some(own) = key(entry.action) else {
        return;
    };
    match entry.action {
        // Both directions share one hint.
        Action::CapUp | Action::CursorRight | Action::ZoomIn => {}
        Action::CapDown | Action::CursorLeft | Action::ZoomOut => {
            let (other, label) = match entry.action {
                Action::CapDown => (Action::CapUp, "cap"),
                Action::CursorLeft => (Action::CursorRight, "cursor"),
                _ => (Action::ZoomIn, "zoom"),
            };
            let other = key(other).unwrap_or_default();
            hint(view, strip, Piece::from(own).then("/").then(other), label);
        }
        Action::Pause if view.state.run.phase == crate::model::RunPhase::Paused => {
            hint(view, strip, own.into(), "go on");
        }
        _ => hint(view, strip, own.into(), entry.label),
    }
}

fn hint(view: &View<'_>, strip: &mut Strip, keys: Piece<'static>, label: &'static str) {
    strip.skip(1).put(keys, view.style(Role::KeyHint));
    strip
        .skip(1)
        .put(label, view.style(Role::Fg))
        .put(" ", Style::new());
}
