//! Messages about the selected call: requests and answers as they were
//! sent.
//!
//! ```text
//! ┌ Messages #14 add ──────────────────────────────────┐
//! │ 00:01.204 sent, 142B                                │
//! │   {"jsonrpc":"2.0","id":3,"method":"tools/call",…}  │
//! │ 00:01.207 server, 64B                               │
//! └─────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;

use crate::output::{Safe, Side};
use crate::theme::Role;
use crate::tui::state::{MessageRow, Pane, State};
use crate::tui::text::{Piece, Strip, figure, wrapped};
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Messages).is_empty() {
        return;
    }
    let mut left = chrome::title(view, Pane::Messages, "Messages");
    if let Some(row) = view.state.selected() {
        let title = view.style(Role::Title);
        left.put(figure::call(row.id), title).skip(1);
        left.put(Safe::new(row.name.as_str()), title).skip(1);
    }
    let inner = chrome::frame(view, Pane::Messages, &left, &view.strip(0), buf);
    let Some(messages) = messages(view.state) else {
        chrome::empty(view, inner, nothing(view.state), buf);
        return;
    };
    let rows = rows(view, messages, inner.width);
    let scroll = &view.state.servers.messages;
    let first = scroll.settle(rows.len(), usize::from(inner.height));
    let shown = rows.iter().skip(first);
    for (strip, y) in shown.zip(inner.y..inner.bottom()) {
        strip.draw((inner.x, y), buf);
    }
}

fn nothing(state: &State) -> &'static [&'static str] {
    match state.selected() {
        None => &["Select a call to read its messages."],
        Some(row) if state.server_of(row).is_none() => &["No server works on this call."],
        Some(row) if row.started.is_none() => &["It has not started yet."],
        Some(_) => &["Its messages are no longer kept, or there were none."],
    }
}

/// The messages, if they are those of the selected call.
fn messages(state: &State) -> Option<&[MessageRow]> {
    let log = &state.servers.log;
    let is_of = log.of.1.is_some() && log.of.1 == state.selection.call();
    log.messages.as_deref().filter(|_| is_of)
}

/// The messages about the selected call, below a heading.
pub(in crate::tui) fn of_call(view: &View<'_>, width: u16) -> Vec<Strip> {
    let mut heading = view.strip(width);
    heading.skip(1).put("messages", view.style(Role::Title));
    let Some(messages) = messages(view.state) else {
        if view.state.selected_proxied().is_none() {
            return Vec::new();
        }
        heading.put(": none kept", view.style(Role::Muted));
        return vec![heading];
    };
    let mut all = vec![heading];
    all.extend(rows(view, messages, width));
    all
}

fn rows(view: &View<'_>, messages: &[MessageRow], width: u16) -> Vec<Strip> {
    let muted = view.style(Role::Muted);
    let mut rows = Vec::new();
    for message in messages {
        one(view, message, width, &mut rows);
    }
    let left_out = view.state.servers.log.left_out;
    if left_out > 0 {
        let mut strip = view.strip(width);
        strip.skip(1);
        strip.put(figure::plural(left_out as usize, "message"), muted);
        strip.put(" more, not kept", muted);
        rows.push(strip);
    }
    let handshake = &view.state.servers.log.handshake;
    if !handshake.is_empty() {
        let mut heading = view.strip(width);
        let title = view.style(Role::Title);
        heading.skip(1).put("before, to connect the server", title);
        rows.push(heading);
    }
    for message in handshake {
        one(view, message, width, &mut rows);
    }
    rows
}

/// Draws one message: its sender and size, and its text below.
fn one(view: &View<'_>, message: &MessageRow, width: u16, rows: &mut Vec<Strip>) {
    let is_agents = view.state.selected_proxied().is_some();
    let muted = view.style(Role::Muted);
    let mut strip = view.strip(width);
    strip.skip(1).put(figure::stamp(message.at), muted).skip(1);
    match message.by {
        Side::Fanout => strip.put("sent", view.style(Role::Accent)),
        Side::Agent => {
            let arrow = Piece::from(view.glyphs.to_server());
            strip.put(arrow.then(" agent"), view.style(Role::Accent))
        }
        Side::Server if is_agents => {
            let arrow = Piece::from(view.glyphs.to_agent());
            strip.put(arrow.then(" server"), view.style(Role::Series2))
        }
        Side::Server => strip.put("server", view.style(Role::Series2)),
    };
    strip.put(", ", muted);
    strip.put(figure::bytes(message.bytes as u64), muted);
    if message.cut > 0 {
        strip.put(", without its last ", muted);
        strip.put(figure::bytes(message.cut as u64), muted);
    }
    rows.push(strip);
    text(view, message, width, rows);
}

fn text(view: &View<'_>, message: &MessageRow, width: u16, rows: &mut Vec<Strip>) {
    let room = usize::from(width).saturating_sub(4);
    for piece in &message.text {
        for part in wrapped(piece.as_str(), room) {
            let mut strip = view.strip(width);
            strip.skip(3);
            strip.put_part(piece, part, view.style(Role::Fg), view.theme.depth());
            rows.push(strip);
        }
    }
}
