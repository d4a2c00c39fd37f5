//! The latest messages between the selected agent and its servers.
//!
//! ```text
//! ┌ Wire cc1/mem ──────────────────────────────────────────────────────────┐
//! │ 16:03:35.868 → call  create_entities #48  held by you                   │
//! │ 16:03:35.871 → note  notifications/cancelled #47                        │
//! │ 16:03:36.010 ← note  notifications/tools/list_changed                   │
//! └─────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;

use crate::model::{Direction, ProxiedServer, WireKind, WireMessage};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::{Align, Cut, Strip, agent, figure};
use crate::tui::views::agents::calls;
use crate::tui::views::{View, chrome};

/// A message, and the server that it went to or came from.
#[derive(Clone, Copy)]
struct Passed<'a> {
    server: &'a ProxiedServer,
    message: &'a WireMessage,
}

/// Cells of a server's name before a message.
const SERVER: usize = 8;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Wire).is_empty() {
        return;
    }
    let state = view.state;
    let mut left = chrome::title(view, Pane::Wire, "Wire");
    if let Some(item) = &state.agents.selected {
        left.put(calls::of(view, item), view.style(Role::Title))
            .skip(1);
    }
    let messages = messages(view);
    let visible = usize::from(view.layout.inner(Pane::Wire).height);
    let below = state.agents.wire.settle(messages.len(), visible);
    let inner = chrome::frame(view, Pane::Wire, &left, &status(view, below), buf);
    if messages.is_empty() {
        let nothing = "Messages between the selected agent and its servers stand here.";
        chrome::empty(view, inner, &[nothing], buf);
        return;
    }
    let servers = state.agents.selected.iter();
    let are_many = servers.flat_map(|it| it.servers(&state.run.agents)).count() > 1;
    let first = messages.len().saturating_sub(visible + below);
    let shown = messages.iter().skip(first);
    for (message, y) in shown.zip(inner.y..inner.bottom()) {
        row(view, *message, are_many, inner.width).draw((inner.x, y), buf);
    }
}

/// The messages of the selected agent or server, oldest first.
fn messages<'a>(view: &View<'a>) -> Vec<Passed<'a>> {
    let state = view.state;
    let servers = state.agents.selected.iter();
    let servers = servers.flat_map(|it| it.servers(&state.run.agents));
    let mut messages: Vec<Passed<'a>> = servers
        .flat_map(|server| {
            let kept = server.wire.iter().flatten();
            kept.map(|message| Passed { server, message })
        })
        .collect();
    messages.sort_by_key(|it| it.message.at);
    messages
}

fn status(view: &View<'_>, below: usize) -> Strip {
    let mut strip = view.strip(u16::MAX);
    if below > 0 {
        strip
            .put(" ", view.style(Role::Muted))
            .put(figure::plural(below, "message"), view.style(Role::Accent))
            .put(" below ", view.style(Role::Muted));
    }
    strip
}

fn row(view: &View<'_>, passed: Passed<'_>, has_server: bool, width: u16) -> Strip {
    let Passed { server, message } = passed;
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let mut strip = view.strip(width);
    let at = figure::time_of_day(message.at, &view.state.zone);
    strip.skip(1).put(at, muted).skip(1);
    let (arrow, role) = match message.direction {
        Direction::ToServer => (view.glyphs.to_server(), Role::Accent),
        Direction::ToAgent => (view.glyphs.to_agent(), Role::Series2),
        Direction::Stderr => (view.glyphs.stderr(), Role::LogStderr),
    };
    let own = view.style(role);
    strip.put(arrow, own).skip(1);
    if has_server {
        let name = Safe::new(server.name.as_str());
        strip.cell(name, SERVER, Align::Left, muted).skip(1);
    }
    let kind = match message.kind {
        WireKind::Error => view.style(Role::Failed),
        WireKind::Call => fg,
        _ => muted,
    };
    strip
        .cell(message.kind.word(), 4, Align::Left, kind)
        .skip(1);
    let call = message.call.and_then(|id| view.state.run.row(id));
    let room = match call {
        Some(_) => strip.room().saturating_sub(6).min(width as usize / 2),
        None => strip.room(),
    };
    strip.put_cut(Safe::new(&message.text), room, Cut::End, kind);
    let Some(row) = call else {
        return strip;
    };
    strip.skip(1).put(figure::call(row.id), muted).skip(2);
    match (message.kind, &row.proxied) {
        (WireKind::Call, Some(proxied)) => {
            let now = view.state.run_now();
            strip.put(
                agent::stands(row, proxied, &view.state.run, now, strip.room()),
                muted,
            );
        }
        _ => {
            strip.put(figure::bytes(message.bytes), muted);
        }
    }
    strip
}
