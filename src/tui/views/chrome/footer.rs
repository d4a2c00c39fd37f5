//! The line of keys, and the line of messages above it or in its place.
//!
//! ```text
//!  ✓ message                                                          messages
//!  a add   x cancel   r run again   Enter output   -/+ cap   ? help   q quit
//! ```
//! Keys come from the action table by their place; what does not fit is left
//! out, and help always stands at the end.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::model::RunPhase;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, ActionGroup, ActionRow, Context, TABLE};
use crate::tui::keymap::KeyMatch;
use crate::tui::state::refusal::refusal;
use crate::tui::state::{Pane, ToastLevel};
use crate::tui::text::{Strip, agent, figure};
use crate::tui::views::{InputLine, View, chrome};

/// Draws both lines.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    let (toast, footer) = (view.layout.toast, view.layout.footer);
    let message = message(view, toast.width);
    if let Some(line) = input_line(view) {
        input(view, line, toast, buf);
        if footer == toast {
            return;
        }
    }
    if has_keys(view) {
        keys(view, footer, buf);
    }
    if let Some(strip) = message.filter(|_| input_line(view).is_none()) {
        strip.draw(toast.as_position(), buf);
    }
}

/// The field that a dialog has in place of the line of messages.
fn input_line<'a>(view: &'a View<'_>) -> Option<&'a InputLine<'a>> {
    view.covered.as_ref()?.line.as_ref()
}

/// A field with its prompt before and its note behind it.
fn input(view: &View<'_>, line: &InputLine<'_>, area: Rect, buf: &mut Buffer) {
    let mut strip = view.strip(area.width);
    strip.skip(1).put(line.prompt, view.style(Role::Muted));
    strip.draw(area.as_position(), buf);
    let used = (strip.used() as u16).min(area.width);
    let mut note = view.strip((area.width - used) / 2);
    if let Some((text, role)) = &line.note {
        note.put(text.clone(), view.style(*role));
    }
    let room = area.width - used - note.used() as u16;
    let field = Rect::new(area.x + used, area.y, room, area.height);
    chrome::text_field(view, line.field, true, field, buf);
    note.draw((area.x + used + room, area.y), buf);
}

/// Returns the message: an armed cancellation first, then the latest one.
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
            strip.skip(1).put(agent::marked_name(row), style);
        }
        return Some(strip);
    }
    if let Some(toast) = state.toasts.showing(state.now) {
        let role = match toast.level {
            ToastLevel::Info => Role::ToastInfo,
            ToastLevel::Warn => Role::ToastWarn,
            ToastLevel::Error => Role::ToastError,
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

/// Whether the keys are drawn, and not a message in their place.
fn has_keys(view: &View<'_>) -> bool {
    let (toast, footer) = (view.layout.toast, view.layout.footer);
    footer != toast || input_line(view).is_none() && message(view, toast.width).is_none()
}

fn keys(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let mut strip = view.strip(area.width);
    for hint in hints(view, area.width) {
        strip.append(&hint.strip);
    }
    strip.draw(area.as_position(), buf);
}

/// Returns the action of a click at a place of the footer.
pub(in crate::tui) fn action_at(view: &View<'_>, at: Position) -> Option<Action> {
    let area = view.layout.footer;
    if !area.contains(at) || !has_keys(view) {
        return None;
    }
    let mut x = 0;
    let hints = hints(view, area.width);
    let hint = hints.into_iter().find(|hint| {
        x += hint.strip.used();
        usize::from(at.x) < x
    })?;
    // The second key of a hint stands behind the first one and a slash.
    let behind = usize::from(at.x) + hint.strip.used() - x;
    let second = hint.second.filter(|(_, from)| behind >= *from);
    Some(second.map_or(hint.action, |(action, _)| action))
}

/// One hint of the footer.
struct Hint {
    strip: Strip,
    action: Action,
    /// Action of the second of two keys, and its column.
    second: Option<(Action, usize)>,
}

/// The hints that have room, in their order; those that lead on stand last.
fn hints(view: &View<'_>, width: u16) -> Vec<Hint> {
    let mut shown: Vec<&ActionRow> = applicable(view).collect();
    shown.sort_by_key(|entry| entry.footer);
    let (tail, body): (Vec<&ActionRow>, Vec<&ActionRow>) = shown
        .into_iter()
        .partition(|it| it.footer >= Some(LEADING_ON));
    let made = |entries: Vec<&ActionRow>| -> Vec<Hint> {
        let made = entries.into_iter().filter_map(|entry| hint(view, entry));
        made.collect()
    };
    let tail = made(tail);
    let mut room = usize::from(width);
    room = room.saturating_sub(tail.iter().map(|hint| hint.strip.used()).sum());
    let fits = made(body).into_iter().take_while(|hint| {
        let has_room = hint.strip.used() <= room;
        room = room.saturating_sub(hint.strip.used());
        has_room
    });
    fits.chain(tail).collect()
}

/// From this place on hints stand at the end and are never left out.
const LEADING_ON: u8 = 89;

/// The rows of the table whose keys are heard now.
fn applicable<'a>(view: &'a View<'a>) -> impl Iterator<Item = &'static ActionRow> + 'a {
    let contexts = view.contexts();
    // A dialog that is only read has no keys of its own but the way back.
    let is_reading = view.covered.is_some() && contexts.contains(&Context::Global);
    let heard = TABLE
        .iter()
        .filter(move |entry| entry.contexts.iter().any(|it| contexts.contains(it)));
    // A key that a nearer place took for itself is not heard here.
    let is_heard = move |entry: &&ActionRow| {
        let keymap = &view.state.keymap;
        let mut bound = keymap
            .bindings()
            .iter()
            .filter(|it| it.action == entry.action);
        bound.any(|it| keymap.meaning(contexts, it.keys.as_slice()) == KeyMatch::Action(it.action))
    };
    heard.filter(move |entry| match entry.action {
        Action::Back => is_reading,
        // It leaves what is shown: a hint for who has nothing to look at.
        Action::OpenFile if !view.state.run.calls.is_empty() => false,
        // What an agent asked for is not what the user gave the tool last.
        Action::RecallForm if contexts.contains(&Context::Held) => false,
        // Without agents there is nothing to do about them.
        action if matches!(action.group(), ActionGroup::Agent(_)) => {
            let can_be_done = || view.state.has_agents() && refusal(view.state, action).is_none();
            entry.footer.is_some() && !is_reading && is_heard(entry) && can_be_done()
        }
        Action::AnswerQuestion => view.state.is_asked() && !is_reading && is_heard(entry),
        // Of an agent's call only what can be done: it has no runs of our own.
        action
            if matches!(action.group(), ActionGroup::Call(_))
                && view.state.selected_proxied().is_some() =>
        {
            let can_be_done = || refusal(view.state, action).is_none();
            entry.footer.is_some() && !is_reading && is_heard(entry) && can_be_done()
        }
        _ => entry.footer.is_some() && !is_reading && is_heard(entry),
    })
}

fn hint(view: &View<'_>, entry: &ActionRow) -> Option<Hint> {
    let key = |action| view.state.keymap.key(action).map(|key| Safe::new(&key));
    let own = key(entry.action)?;
    // Both directions share one hint.
    let (other, label) = match entry.action {
        Action::CapUp | Action::CursorRight | Action::ZoomIn => return None,
        Action::CapDown => (Some(Action::CapUp), "cap"),
        Action::CursorLeft => (Some(Action::CursorRight), "cursor"),
        Action::ZoomOut => (Some(Action::ZoomIn), "zoom"),
        Action::Open if view.state.focus == Pane::ServerCalls => (None, "messages"),
        Action::Hold
            if view
                .state
                .selected_proxied()
                .is_some_and(|(_, it)| it.is_held() || it.holds_answer) =>
        {
            (None, "let go")
        }
        Action::Pause if view.state.run.phase == RunPhase::Paused => (None, "go on"),
        _ => (None, entry.label),
    };
    let mut strip = view.strip(view.layout.footer.width);
    strip.skip(1).put(own, view.style(Role::KeyHint));
    let mut second = None;
    if let Some(other) = other {
        strip.put("/", view.style(Role::KeyHint));
        second = Some((other, strip.used()));
        let key = key(other).unwrap_or_default();
        strip.put(key, view.style(Role::KeyHint));
    }
    strip
        .skip(1)
        .put(label, view.style(Role::Fg))
        .put(" ", Style::new());
    Some(Hint {
        strip,
        action: entry.action,
        second,
    })
}
