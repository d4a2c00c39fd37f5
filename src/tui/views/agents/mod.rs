//! Agents at work, each with its servers.
//!
//! ```text
//! ┌ Agents watch, 2 agents, 3 servers, 1 held ───── hold mem.create_* on ┐
//! │▌cc1 Claude Code 2.1.332  pid 4711  ~/src/shop  session 3d3dc3d5       │
//! │  ├ mem   0% ▁▁▂▁▁   31M  9 tools   48 calls  1 held  node server-mem… │
//! │  └ git   2% ▁▂▁▁▃   44M 12 tools    7 calls  mcp-server-git           │
//! └───────────────────────────────────────────────────────────────────────┘
//! ```

pub(in crate::tui) mod calls;
pub(in crate::tui) mod wire;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::model::{AgentMode, AgentRow, ProxiedServer, ProxiedServerState, ProxyControl};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::{AgentItem, Pane};
use crate::tui::text::{Align, Cut, Piece, Strip, figure, words};
use crate::tui::views::chrome::sparkline;
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Agents).is_empty() {
        return;
    }
    let state = view.state;
    let inner = chrome::frame(view, Pane::Agents, &title(view), &intercept(view), buf);
    if !state.has_agents() {
        none(view, inner, buf);
        return;
    }
    let items = AgentItem::all(&state.run.agents);
    let columns = ServerColumns::of(inner.width);
    let shown = items.iter().enumerate().skip(state.agents.list.first);
    for ((at, item), y) in shown.zip(inner.y..inner.bottom()) {
        let line = Rect::new(inner.x, y, inner.width, 1);
        let is_selected = state.agents.selected.as_ref() == Some(item);
        let mut strip = view.strip(line.width);
        let bar = if is_selected {
            view.glyphs.selected()
        } else {
            " "
        };
        strip.put(bar, view.style(Role::Accent));
        match item {
            AgentItem::Agent(mark) => {
                if let Some(row) = state.run.agents.agent(mark) {
                    agent(view, row, &mut strip);
                }
            }
            AgentItem::Server(proxy) => {
                let is_last = !matches!(items.get(at + 1), Some(AgentItem::Server(_)));
                if let Some(row) = state.run.agents.server(*proxy) {
                    columns.server(view, row, is_last, &mut strip);
                }
            }
        }
        strip.draw(line.as_position(), buf);
        if is_selected {
            chrome::select(view, Pane::Agents, line, buf);
        }
    }
}

/// Whether agents are watched or governed, how many are here, and what is held.
fn title(view: &View<'_>) -> Strip {
    let agents = &view.state.run.agents;
    let mut left = chrome::title(view, Pane::Agents, "Agents");
    if agents.agents.is_empty() {
        return left;
    }
    let style = view.style(Role::Title);
    mode(view, &mut left);
    let servers = agents.servers.iter().filter(|it| it.is_attached()).count();
    left.put(", ", style)
        .put(figure::plural(agents.present(), "agent"), style)
        .put(", ", style)
        .put(figure::plural(servers, "server"), style);
    if agents.held > 0 {
        let held = figure::count(agents.held).then(" held");
        left.put(", ", style).put(held, view.style(Role::Stopping));
    }
    left.skip(1);
    left
}

/// Puts the word for watching or governing.
pub(in crate::tui) fn mode(view: &View<'_>, strip: &mut Strip) {
    let mode = view.state.run.agents.mode;
    let style = match mode {
        AgentMode::Watch => view.style(Role::Muted),
        AgentMode::Govern => view.style(Role::Accent).add_modifier(Modifier::BOLD),
    };
    strip.put(mode.word(), style);
}

/// The pattern of calls that are held as they come.
fn intercept(view: &View<'_>) -> Strip {
    let intercept = &view.state.run.agents.intercept;
    let mut strip = view.strip(u16::MAX);
    let Some(pattern) = &intercept.pattern else {
        return strip;
    };
    let (muted, accent) = (view.style(Role::Muted), view.style(Role::Accent));
    let (style, word) = if intercept.is_on {
        (accent, " on ")
    } else {
        (muted, " off ")
    };
    strip
        .put(" hold ", muted)
        .put_cut(Safe::new(pattern.as_str()), 28, Cut::End, style)
        .put(word, style);
    strip
}

/// Text shown where no agent is.
const NONE: [&str; 6] = [
    "No agent is here. Put fanout before its servers:",
    "  fanout wrap            asks before it changes a file",
    "  fanout with -- claude  once; no file is changed",
    "Calls of agents then come into the lanes beside your own.",
    "They pass at once: V governs them, h holds one, i holds",
    "those of a pattern as they come.",
];

fn none(view: &View<'_>, inner: Rect, buf: &mut Buffer) {
    let mut y = inner.y;
    if let Some(problem) = &view.state.run.agents.problem {
        let room = usize::from(inner.width).saturating_sub(2);
        for line in words::wrap(problem, room) {
            let mut strip = view.strip(inner.width);
            strip.skip(1).put(line, view.style(Role::ToastWarn));
            strip.draw((inner.x, y), buf);
            y += 1;
        }
    }
    let height = inner.bottom().saturating_sub(y);
    let rest = Rect { y, height, ..inner };
    chrome::lines(view, rest, &NONE, buf);
}

/// An agent: its mark, program, process, folder and session.
fn agent(view: &View<'_>, row: &AgentRow, strip: &mut Strip) {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let name = match row.left {
        Some(_) => muted,
        None => fg.add_modifier(Modifier::BOLD),
    };
    strip.put(Safe::new(row.mark.as_str()), view.style(Role::Accent));
    strip.skip(1).put(Safe::new(&row.title), name);
    if let Some(version) = &row.version {
        strip.skip(1).put(Safe::new(version), name);
    }
    if let Some(left) = row.left {
        let ago = view.state.run_now().saturating_sub(left);
        let told = Piece::from("left ").then(figure::about(ago)).then(" ago");
        strip.skip(2).put(told, view.style(Role::Cancelled));
    } else if let Some(pid) = row.pid {
        strip.skip(2).put(figure::pid(pid), muted);
    }
    let session = row.session.as_deref().map(Safe::new).map(Piece::from);
    let session = session.map_or_else(Piece::default, |it| Piece::from("session ").then(it));
    let room = strip.room().saturating_sub(session.width() + 4);
    if room >= 8 {
        strip.skip(2);
        strip.put_cut(Safe::new(&row.cwd), room, Cut::Middle, muted);
    }
    if strip.room() > session.width() + 2 {
        strip.skip(2).put(session, muted);
    }
}

/// The columns of a server's row. One of 0 cells is not shown.
struct ServerColumns {
    name: usize,
    cpu: usize,
    trend: usize,
    memory: usize,
    processes: usize,
    tools: usize,
    calls: usize,
}

/// Cells before a server's name: the bar before the row, and the branch.
const BRANCH: usize = 4;

/// Cells that are kept for what is to be noted of a server.
const NOTES: usize = 30;

/// Cells from which on it is said what a server runs.
const LEAST_COMMAND: usize = 16;

impl ServerColumns {
    /// The columns for a width. They give way in the order trend, processes,
    /// tools, memory, CPU.
    fn of(width: u16) -> Self {
        let name = usize::from(width / 8).clamp(8, 16);
        let mut left = usize::from(width).saturating_sub(BRANCH + name + NOTES);
        let mut take = |cells: usize| {
            if left < cells + 1 {
                return 0;
            }
            left -= cells + 1;
            cells
        };
        let calls = take(10);
        let (cpu, memory) = (take(5), take(5));
        let tools = take(9);
        let processes = take(8);
        let trend = take(8);
        Self {
            name,
            cpu,
            trend,
            memory,
            processes,
            tools,
            calls,
        }
    }

    fn server(&self, view: &View<'_>, row: &ProxiedServer, is_last: bool, strip: &mut Strip) {
        let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
        let branch = if is_last {
            view.glyphs.branch()
        } else {
            view.glyphs.fork()
        };
        strip.skip(1).put(branch, muted).skip(1);
        let name = match row.state {
            ProxiedServerState::Running => fg,
            _ => muted,
        };
        strip.cell(Safe::new(row.name.as_str()), self.name, Align::Left, name);
        self.gauges(view, row, strip);
        let tools = figure::plural(row.tools.len(), "tool");
        let tools = (!row.tools.is_empty()).then_some(tools);
        cell(strip, tools, self.tools, muted);
        let calls = figure::plural(row.calls as usize, "call");
        cell(strip, Some(calls), self.calls, fg);
        notes(view, row, strip);
        if strip.room() > LEAST_COMMAND {
            strip.skip(2);
            let room = strip.room();
            strip.put_cut(Safe::new(&row.command), room, Cut::Middle, muted);
        }
    }

    /// CPU, its trend, and memory of the server's process tree. What is not
    /// known is blank.
    fn gauges(&self, view: &View<'_>, row: &ProxiedServer, strip: &mut Strip) {
        let fg = view.style(Role::Fg);
        let latest = row.samples.latest().filter(|_| row.is_attached());
        let cpu = latest.and_then(|it| it.cpu_cores).map(figure::percent);
        cell(strip, cpu, self.cpu, fg);
        if self.trend > 0 {
            let levels: Vec<Option<f32>> = row.samples.iter().map(|it| it?.cpu_cores).collect();
            let most = levels.iter().flatten().copied().fold(1.0_f32, f32::max);
            let levels = levels.into_iter().map(|level| Some(level? / most));
            let style = view.style(Role::Series1);
            sparkline::put(strip.skip(1), levels, self.trend, style, view.glyphs);
        }
        let memory = latest.map(|it| figure::bytes(it.rss_bytes));
        cell(strip, memory, self.memory, fg);
        let processes = latest.map(|it| figure::count(it.processes as usize).then(" proc"));
        cell(strip, processes, self.processes, view.style(Role::Muted));
    }
}

fn cell(strip: &mut Strip, value: Option<Piece<'static>>, cells: usize, style: Style) {
    if cells > 0 {
        let value = value.unwrap_or_default();
        strip.skip(1).cell(value, cells, Align::Right, style);
    }
}

/// Notes what is out of the ordinary with a server, and how many calls it has.
fn notes(view: &View<'_>, row: &ProxiedServer, strip: &mut Strip) {
    let mut put = |text: Piece<'static>, role| {
        strip.skip(2).put(text, view.style(role));
    };
    match &row.state {
        ProxiedServerState::Running => {}
        ProxiedServerState::Exited { how } => {
            put(Piece::from("ended: ").then(Safe::new(how)), Role::Failed);
        }
        ProxiedServerState::Gone { why } => put(Safe::new(why).into(), Role::Cancelled),
    }
    if row.held > 0 {
        put(figure::count(row.held).then(" held"), Role::Stopping);
    }
    if row.open_calls > 0 {
        put(figure::count(row.open_calls).then(" open"), Role::Running);
    }
    match &row.control {
        ProxyControl::Free | ProxyControl::Ours => {}
        ProxyControl::Others { by } => {
            put(
                Piece::from(Safe::new(by)).then(" controls"),
                Role::ToastWarn,
            );
        }
        ProxyControl::WatchOnly { .. } => put("watch only".into(), Role::Muted),
    }
    if row.is_attached() && row.mode != view.state.run.agents.mode {
        put(row.mode.word().into(), Role::Accent);
    }
    if let Some(other) = &row.same_lock_as {
        put(
            Piece::from("one lock with ").then(Safe::new(other)),
            Role::Muted,
        );
    }
    if row.lost.frames > 0 {
        let lost = figure::plural(row.lost.frames as usize, "message");
        put(Piece::from("lost ").then(lost), Role::ToastWarn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_pass_the_width() {
        for width in 38..=250_u16 {
            let it = ServerColumns::of(width);
            let shown = [
                it.cpu,
                it.trend,
                it.memory,
                it.processes,
                it.tools,
                it.calls,
            ];
            let shown = shown.iter().filter(|cells| **cells > 0);
            let right: usize = shown.map(|cells| cells + 1).sum();
            assert!(BRANCH + it.name + right <= usize::from(width), "{width}");
        }
    }
}
