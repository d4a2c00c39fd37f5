//! The tool servers.
//!
//! ```text
//! ┌ Servers 3 ─────────────── cpu and memory: the server's whole tree ┐
//! │   server      state     era        tools calls  cpu trend    mem   │
//! │▌▸ memory      ready     2025-11-25     9     2  84% ▂▄▆█▇▆▇█  67M  │
//! │ ✗ git         failed    transport: exit code 3                     │
//! └────────────────────────────────────────────────────────────────────┘
//! ```

pub(in crate::tui) mod calls;
pub(in crate::tui) mod messages;
pub(in crate::tui) mod server;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::{CallSample, History, ServerName, ServerRow, ServerState};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::glyphs::role_of_server;
use crate::tui::text::{Align, Cut, Piece, Strip, figure};
use crate::tui::views::chrome::list::{self, column};
use crate::tui::views::chrome::sparkline;
use crate::tui::views::{View, chrome};

/// Cells of the words for a server's state.
const STATE: usize = 9;

/// Cells from which on it is said what a server runs.
const LEAST_TARGET: usize = 14;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Servers).is_empty() {
        return;
    }
    let state = view.state;
    let servers = &state.run.servers;
    let mut left = chrome::title(view, Pane::Servers, "Servers");
    left.put(figure::count(servers.len()), view.style(Role::Title))
        .skip(1);
    let mut right = view.strip(u16::MAX);
    right.put(
        " cpu and memory of a server, not of single calls ",
        view.style(Role::Muted),
    );
    let inner = chrome::frame(view, Pane::Servers, &left, &right, buf);
    if !state.has_servers() {
        chrome::empty(view, inner, NONE, buf);
        return;
    }
    let columns = ServerColumns::of(inner.width);
    columns
        .titles(view, inner.width)
        .draw((inner.x, inner.y), buf);
    let area = view.layout.server_area();
    let mut lines = area.y..area.bottom();
    let shown = servers.iter().skip(state.servers.list.first);
    for (row, y) in shown.zip(lines.by_ref()) {
        let line = Rect::new(area.x, y, area.width, 1);
        let gauge = state.run.server_gauges.get(&row.name).map(AsRef::as_ref);
        let is_selected = state.servers.selected.as_ref() == Some(&row.name);
        columns
            .row(view, row, gauge, is_selected, line.width)
            .draw(line.as_position(), buf);
        if is_selected {
            chrome::select(view, Pane::Servers, line, buf);
        }
    }
    for ((name, reason), y) in state.catalogue.unusable_servers().iter().zip(lines) {
        unusable(view, name, reason, area.width).draw((area.x, y), buf);
    }
}

/// Text shown where no server is configured.
const NONE: &[&str] = &[
    "No tool servers are configured.",
    "A table [mcp.NAME] with a command in fanout.toml configures one;",
    "--catalogue takes .mcp.json and the files of other programs too.",
];

fn unusable(view: &View<'_>, name: &ServerName, reason: &str, width: u16) -> Strip {
    let muted = view.style(Role::Muted);
    let mut strip = view.strip(width);
    strip.skip(3).put(Safe::new(name.as_str()), muted);
    strip.put(" cannot be used: ", muted);
    strip.put(Safe::new(reason), muted);
    strip
}

/// The columns of the list. One of 0 cells is not shown.
struct ServerColumns {
    name: usize,
    era: usize,
    tools: usize,
    calls: usize,
    cpu: usize,
    trend: usize,
    memory: usize,
}

impl ServerColumns {
    /// The columns for a width. They give way in the order trend, era, tools,
    /// memory, CPU.
    fn of(width: u16) -> Self {
        let name = usize::from(width / 6).clamp(10, 20);
        let mut left = usize::from(width).saturating_sub(3 + name + 1 + STATE + 1);
        let mut take = |cells: usize| {
            if left < cells + 1 {
                return 0;
            }
            left -= cells + 1;
            cells
        };
        let calls = take(5);
        let (cpu, memory) = (take(5), take(5));
        let tools = take(5);
        let era = take(10);
        let trend = take(8);
        Self {
            name,
            era,
            tools,
            calls,
            cpu,
            trend,
            memory,
        }
    }

    fn titles(&self, view: &View<'_>, width: u16) -> Strip {
        let style = view.style(Role::Muted);
        let mut strip = view.strip(width);
        strip.skip(3).cell("server", self.name, Align::Left, style);
        strip.skip(1).cell("state", STATE, Align::Left, style);
        let columns = [
            column("MCP", self.era, Align::Left),
            column("tools", self.tools, Align::Right),
            column("calls", self.calls, Align::Right),
            column("cpu", self.cpu, Align::Right),
            column("trend", self.trend, Align::Left),
            column("mem", self.memory, Align::Right),
        ];
        list::titles(&mut strip, &columns, style);
        if strip.room() > LEAST_TARGET {
            strip.skip(2).put("runs", style);
        }
        strip
    }

    fn row(
        &self,
        view: &View<'_>,
        row: &ServerRow,
        gauge: Option<&History<CallSample>>,
        is_selected: bool,
        width: u16,
    ) -> Strip {
        let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
        let own = view.style(role_of_server(&row.state));
        let mut strip = view.strip(width);
        let bar = if is_selected {
            view.glyphs.selected()
        } else {
            " "
        };
        strip.put(bar, view.style(Role::Accent));
        strip.put(view.glyphs.server(&row.state), own).skip(1);
        let name = Safe::new(row.name.as_str());
        strip.cell(name, self.name, Align::Left, fg).skip(1);
        strip.cell(row.state.word(), STATE, Align::Left, own);
        if let ServerState::Failed(reason) = &row.state {
            strip.skip(1).put(Safe::new(reason), own);
            return strip;
        }
        if let (ServerState::Starting, Some(words)) = (&row.state, &row.last_words) {
            strip.skip(1).put(Safe::new(words), muted);
            return strip;
        }
        let era = row.era.as_deref().map(Safe::new).map(Piece::from);
        put(&mut strip, era, self.era, Align::Left, muted);
        let tools = Some(row.tool_count()).filter(|count| *count > 0);
        let tools = tools.map(figure::count);
        put(&mut strip, tools, self.tools, Align::Right, fg);
        let calls = (row.in_flight > 0).then(|| figure::count(row.in_flight));
        put(&mut strip, calls, self.calls, Align::Right, own);
        self.gauges(view, gauge, &mut strip);
        if strip.room() <= LEAST_TARGET {
            return strip;
        }
        strip.skip(2);
        let room = strip.room();
        strip.put_cut(Safe::new(&row.target), room, Cut::Middle, muted);
        strip
    }

    fn gauges(&self, view: &View<'_>, gauge: Option<&History<CallSample>>, strip: &mut Strip) {
        let fg = view.style(Role::Fg);
        let latest = gauge.and_then(History::latest);
        let cpu = latest.and_then(|it| it.cpu_cores).map(figure::percent);
        put(strip, cpu, self.cpu, Align::Right, fg);
        if self.trend > 0 {
            let levels = gauge.into_iter().flat_map(History::iter);
            let levels: Vec<Option<f32>> = levels.map(|it| it?.cpu_cores).collect();
            let most = levels.iter().flatten().copied().fold(1.0_f32, f32::max);
            let levels = levels.into_iter().map(|level| Some(level? / most));
            let style = view.style(Role::Series1);
            strip.skip(1);
            sparkline::put(strip, levels, self.trend, style, view.glyphs);
        }
        let memory = latest.map(|it| figure::bytes(it.rss_bytes));
        put(strip, memory, self.memory, Align::Right, fg);
    }
}

fn put(strip: &mut Strip, value: Option<Piece<'static>>, cells: usize, align: Align, style: Style) {
    if cells > 0 {
        let value = value.unwrap_or_default();
        strip.skip(1).cell(value, cells, align, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_pass_the_width() {
        for width in 38..=250_u16 {
            let it = ServerColumns::of(width);
            let shown = [it.era, it.tools, it.calls, it.cpu, it.trend, it.memory];
            let shown = shown.iter().filter(|cells| **cells > 0);
            let right: usize = shown.map(|cells| cells + 1).sum();
            assert!(
                3 + it.name + 1 + STATE + right <= usize::from(width),
                "{width}"
            );
        }
    }
}
