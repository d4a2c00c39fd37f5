//! The list of tools.
//!
//! ```text
//! ┌ Tools 25 ────────── / wo ┐
//! │▌word-count  Counts lines … │
//! │ work        Does work      │
//! └────────────────────────────┘
//! ```

pub(in crate::tui) mod tool;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::ToolName;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::Pane;
use crate::tui::text::{Align, Cut, Strip, figure};
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Tools).is_empty() {
        return;
    }
    let tools = &view.state.tools;
    let mut left = chrome::title(view, Pane::Tools, "Tools");
    left.put(figure::count(tools.found.len()), view.style(Role::Title))
        .skip(1);
    let right = status(view);
    let inner = chrome::frame(view, Pane::Tools, &left, &right, buf);
    if view.state.catalogue.tools().len() == 0 {
        chrome::empty(view, inner, NO_TOOLS, buf);
        return;
    }
    if tools.found.is_empty() {
        chrome::empty(
            view,
            inner,
            &["No tool matches the filter. Esc removes it."],
            buf,
        );
        return;
    }
    let longest = tools
        .found
        .iter()
        .map(|name| name.as_str().len())
        .max()
        .unwrap_or(0);
    let cells = longest.clamp(8, 24);
    for (y, index) in (inner.y..inner.bottom()).zip(tools.list.first..) {
        let Some(name) = tools.found.get(index) else {
            return;
        };
        let line = Rect {
            y,
            height: 1,
            ..inner
        };
        row(view, name, cells, index == tools.list.row, line, buf);
    }
}

/// Returns the filter, or else the number of servers that may have more tools.
fn status(view: &View<'_>) -> Strip {
    let mut right = view.strip(u16::MAX);
    if !view.state.tools.filter.is_empty() {
        right.put(" / ", view.style(Role::Muted));
        right
            .put_cut(
                Safe::new(&view.state.tools.filter),
                16,
                Cut::End,
                view.style(Role::Accent),
            )
            .skip(1);
    }
    let at_rest = view.state.servers_at_rest();
    if right.used() == 0 && at_rest > 0 {
        let muted = view.style(Role::Muted);
        let key = view.state.keymap.key(Action::ScreenServers);
        right.put(" ", muted);
        right.put(figure::plural(at_rest, "server"), muted);
        right.put(" not running: ", muted);
        right.put(
            Safe::new(&key.unwrap_or_default()),
            view.style(Role::KeyHint),
        );
        right.skip(1);
    }
    right
}

/// Text shown while no tool is known.
const NO_TOOLS: &[&str] = &[
    "No tool is known yet.",
    "Servers list theirs once they are started: screen 8.",
];

/// Returns a description, without what follows its first phrase where there is
/// no room for the whole.
fn brief(description: &str, room: usize) -> &str {
    if description.chars().count() <= room {
        return description;
    }
    let ends = [": ", "; ", ". ", " ("];
    let end = ends.iter().filter_map(|end| description.find(end)).min();
    description
        .get(..end.unwrap_or(description.len()))
        .unwrap_or(description)
}

/// Draws one tool: its name and what it does.
fn row(
    view: &View<'_>,
    name: &ToolName,
    cells: usize,
    is_selected: bool,
    line: Rect,
    buf: &mut Buffer,
) {
    let mut strip = view.strip(line.width);
    let bar = if is_selected {
        view.glyphs.selected()
    } else {
        " "
    };
    strip.put(bar, view.style(Role::Accent));
    let style = view.style(Role::Fg);
    strip
        .cell(Safe::new(name.as_str()), cells, Align::Left, style)
        .skip(1);
    if let Some(tool) = view.state.catalogue.get(name) {
        let description = brief(&tool.description, strip.room());
        strip.put(Safe::new(description), view.style(Role::Muted));
    }
    strip.draw((line.x, line.y), buf);
    if is_selected {
        chrome::select(view, Pane::Tools, line, buf);
    }
}
