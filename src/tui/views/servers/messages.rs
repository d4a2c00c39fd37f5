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
    let MessageRows { rows, found } = rows(view, messages, inner.width);
    let scroll = &view.state.servers.messages;
    let visible = usize::from(inner.height);
    if let Some(row) = view.state.servers.find.take_due(&found) {
        scroll.bring(row, visible);
    }
    let first = scroll.settle(rows.len(), visible);
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

/// Rows of messages.
#[derive(Debug, Default)]
pub(in crate::tui) struct MessageRows {
    pub(in crate::tui) rows: Vec<Strip>,
    /// For each match the one in which it begins.
    pub(in crate::tui) found: Vec<usize>,
}

/// The messages about the selected call, below a heading; they follow `above`
/// rows.
pub(in crate::tui) fn of_call(view: &View<'_>, width: u16, above: usize) -> MessageRows {
    let mut heading = view.strip(width);
    heading.skip(1).put("messages", view.style(Role::Title));
    let Some(messages) = messages(view.state) else {
        if view.state.selected_proxied().is_none() {
            return MessageRows::default();
        }
        heading.put(": none kept", view.style(Role::Muted));
        let rows = vec![heading];
        return MessageRows {
            rows,
            found: Vec::new(),
        };
    };
    let mut all = rows(view, messages, width);
    all.rows.insert(0, heading);
    for row in &mut all.found {
        *row += above + 1;
    }
    all
}

fn rows(view: &View<'_>, messages: &[MessageRow], width: u16) -> MessageRows {
    let is_agents = view.state.selected_proxied().is_some();
    let muted = view.style(Role::Muted);
    let mut all = MessageRows::default();
    for message in messages {
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
        all.rows.push(strip);
        text(view, message, width, &mut all);
    }
    let left_out = view.state.servers.log.left_out;
    if left_out > 0 {
        let mut strip = view.strip(width);
        strip.skip(1);
        strip.put(figure::plural(left_out as usize, "message"), muted);
        strip.put(" more, not kept", muted);
        all.rows.push(strip);
    }
    all
}

fn text(view: &View<'_>, message: &MessageRow, width: u16, all: &mut MessageRows) {
    let room = usize::from(width).saturating_sub(4);
    let pattern = view.state.servers.find.pattern();
    let depth = view.theme.depth();
    for piece in &message.text {
        let hits = pattern.map_or_else(Vec::new, |pattern| pattern.find_in(piece));
        for part in wrapped(piece.as_str(), room) {
            let mut strip = view.strip(width);
            strip.skip(3);
            let mut at = part.start;
            for hit in hits
                .iter()
                .filter(|hit| hit.start < part.end && part.start < hit.end)
            {
                let (from, to) = (hit.start.max(part.start), hit.end.min(part.end));
                strip.put_part(piece, at..from, view.style(Role::Fg), depth);
                strip.put_part(piece, from..to, view.style(Role::Match), depth);
                at = to;
            }
            strip.put_part(piece, at..part.end, view.style(Role::Fg), depth);
            let begun = hits.iter().filter(|hit| part.contains(&hit.start));
            let row = all.rows.len();
            all.found.extend(begun.map(|_| row));
            all.rows.push(strip);
        }
    }
}
