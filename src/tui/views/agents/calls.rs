//! The calls of the selected agent, or of one of its servers: those that have
//! not ended first, then the latest.
//!
//! ```text
//! ┌ Calls of cc1/mem 48, 1 held ────────────────────────────┐
//! │▌#48 ◌ ~create_entities  held by you, agent gives up in … │
//! │ #47 ✓  read_graph       00:00.2 succeeded                │
//! └──────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;

use crate::model::CallRow;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::{AgentItem, Pane};
use crate::tui::text::glyphs::role_of_state;
use crate::tui::text::{Align, Cut, Piece, Strip, agent, figure};
use crate::tui::views::chrome::list::ListPane;
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::AgentCalls).is_empty() {
        return;
    }
    let state = view.state;
    let title = view.style(Role::Title);
    let mut left = chrome::title(view, Pane::AgentCalls, "Calls");
    if let Some(item) = &state.agents.selected {
        left.put("of ", title).put(of(view, item), title).skip(1);
        left.put(figure::count(state.agents.calls.len()), title);
        let servers = item.servers(&state.run.agents);
        let held: usize = servers.map(|it| it.held).sum();
        if held > 0 {
            let held = figure::count(held).then(" held");
            left.put(", ", title).put(held, view.style(Role::Stopping));
        }
        left.skip(1);
    }
    let pane = ListPane {
        pane: Pane::AgentCalls,
        title: left,
        nothing: "It has not made any call yet.",
    };
    pane.render(view, buf, |row, strip| call(view, row, strip));
}

/// The selected agent, or its server: `cc1`, `cc1/mem`.
pub(in crate::tui) fn of(view: &View<'_>, item: &AgentItem) -> Safe {
    match item {
        AgentItem::Agent(mark) => Safe::new(mark.as_str()),
        AgentItem::Server(proxy) => {
            let server = view.state.run.agents.server(*proxy);
            Safe::new(&server.map(|it| it.full_name()).unwrap_or_default())
        }
    }
}

fn call(view: &View<'_>, row: &CallRow, strip: &mut Strip) {
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    let own = view.style(role_of_state(&row.state));
    let width = strip.used() + strip.room();
    let name_cells = (width / 3).clamp(8, 24);
    let end = strip.used() + name_cells;
    strip.put_cut(agent::name(row), name_cells, Cut::Middle, fg);
    strip.skip_to(end).skip(1);
    let now = view.state.run_now();
    let elapsed = row.elapsed(now);
    let elapsed = elapsed.map_or_else(Piece::default, figure::clock);
    if !elapsed.is_empty() {
        strip.cell(elapsed, 7, Align::Right, muted).skip(1);
    }
    if let Some(call) = &row.proxied {
        strip.put(
            agent::stands(row, call, &view.state.run, now, strip.room()),
            own,
        );
    }
}
