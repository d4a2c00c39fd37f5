//! Details of the selected server, and its standard error.
//!
//! ```text
//! ┌ Server memory ▸ ready ─────────────────────────┐
//! │ runs       node server-memory/dist/index.js     │
//! │ says       memory-server 0.6.3, MCP 2025-11-25  │
//! │ tools      9: 3 beside others, 6 alone          │
//! │ standard error                                  │
//! │ Knowledge Graph MCP Server running on stdio     │
//! └─────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{Faults, McpOperation, ServerRow, ServerState, SignInStatus, ToolAction};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::{Pane, State};
use crate::tui::text::glyphs::role_of_server;
use crate::tui::text::{Align, Cut, Piece, Strip, figure, words, wrapped};
use crate::tui::views::{View, chrome};

/// Cells of the names at the left.
const NAMES: usize = 10;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Server).is_empty() {
        return;
    }
    let mut left = chrome::title(view, Pane::Server, "Server");
    let row = view.state.selected_server();
    if let Some(row) = row {
        let own = view.style(role_of_server(&row.state));
        left.put(Safe::new(row.name.as_str()), view.style(Role::Title))
            .skip(1);
        left.put(view.glyphs.server(&row.state), own).skip(1);
        left.put(row.state.word(), own).skip(1);
    }
    let inner = view.layout.inner(Pane::Server);
    let Some(row) = row else {
        chrome::frame(view, Pane::Server, &left, &view.strip(0), buf);
        chrome::empty(view, inner, &["Select a server to see all about it."], buf);
        return;
    };
    let (facts, stderr) = areas(view, row, inner);
    let lines = self::stderr(view, inner.width);
    let visible = usize::from(stderr.height);
    let below = view.state.servers.below.settle(lines.len(), visible);
    chrome::frame(view, Pane::Server, &left, &status(view, below), buf);
    draw(&self::facts(view, row, inner.width), facts, buf);
    let first = lines.len().saturating_sub(visible + below);
    draw(lines.get(first..).unwrap_or_default(), stderr, buf);
}

/// How many rows of the standard error are below the visible ones.
fn status(view: &View<'_>, below: usize) -> Strip {
    let mut strip = view.strip(u16::MAX);
    match below {
        0 => strip.skip(0),
        below => strip
            .put(" ", view.style(Role::Muted))
            .put(figure::plural(below, "row"), view.style(Role::Accent))
            .put(" below ", view.style(Role::Muted)),
    };
    strip
}

/// Facts have the upper part, at most half of it.
fn areas(view: &View<'_>, row: &ServerRow, inner: Rect) -> (Rect, Rect) {
    let wanted = facts(view, row, inner.width).len() as u16;
    let height = wanted.min(inner.height.div_ceil(2));
    let facts = Rect { height, ..inner };
    let rest = Rect {
        y: inner.y + height,
        height: inner.height - height,
        ..inner
    };
    (facts, rest)
}

fn draw(rows: &[Strip], area: Rect, buf: &mut Buffer) {
    for (strip, y) in rows.iter().zip(area.y..area.bottom()) {
        strip.draw((area.x, y), buf);
    }
}

fn facts(view: &View<'_>, row: &ServerRow, width: u16) -> Vec<Strip> {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let mut rows = Vec::new();
    let mut put = |label: &'static str, value: Piece<'static>, role: Role| {
        if !value.is_empty() {
            let mut strip = view.strip(width);
            strip.skip(1).cell(label, NAMES, Align::Left, muted).skip(1);
            let room = strip.room();
            strip.put_cut(value, room, Cut::Middle, fg.patch(view.style(role)));
            rows.push(strip);
        }
    };
    let room = usize::from(width).saturating_sub(NAMES + 3);
    if let ServerState::Failed(reason) = &row.state {
        let lines = words::wrap(reason, room);
        for (line, label) in lines.into_iter().zip(["reason", "", ""]) {
            put(label, line.into(), Role::Failed);
        }
    }
    match &row.sign_in {
        Some(SignInStatus::Needed(_)) => {
            put("sign in", "Enter, in the browser".into(), Role::ToastWarn);
        }
        Some(SignInStatus::Open(address)) => {
            for (part, label) in parts(address, room).zip(["sign in on", "", "", "", "", ""]) {
                put(label, Safe::new(&part).into(), Role::ToastWarn);
            }
        }
        None => {}
    }
    put("runs", Safe::new(&row.target).into(), Role::Fg);
    put("says", says(row), Role::Fg);
    put("tools", tools(view.state, row), Role::Fg);
    put(
        "resources",
        operation(row, McpOperation::ReadResource),
        Role::Fg,
    );
    put("prompts", operation(row, McpOperation::GetPrompt), Role::Fg);
    put("process", process(view.state, row), Role::Fg);
    put("asks", asks(view.state, row), Role::ToastWarn);
    put("held back", held_back(row), Role::ToastWarn);
    put("faults", faults(row.faults), Role::ToastWarn);
    rows
}

/// Cuts an address, which has no blanks, into rows.
fn parts(address: &str, room: usize) -> impl Iterator<Item = String> {
    let letters: Vec<char> = address.chars().collect();
    let rows: Vec<String> = letters
        .chunks(room.max(1))
        .map(|row| row.iter().collect())
        .collect();
    rows.into_iter()
}

/// Returns the resources or the prompts that it lists, by their names.
fn operation(row: &ServerRow, operation: McpOperation) -> Piece<'static> {
    let listed = row.tools.iter().find(|it| it.operation == operation);
    let Some(listed) = listed else {
        return Piece::default();
    };
    let names = listed.description.lines().skip(1);
    let names: Vec<&str> = names
        .map(|line| line.split_once(": ").map_or(line, |(name, _)| name))
        .collect();
    figure::count(names.len())
        .then(": ")
        .then(Safe::new(&names.join(", ")))
}

/// Returns the questions that it asks, and the key that answers.
fn asks(state: &State, row: &ServerRow) -> Piece<'static> {
    let Some(question) = row.questions.first() else {
        return Piece::default();
    };
    let key = state.keymap.key(Action::AnswerQuestion).unwrap_or_default();
    Piece::from(Safe::new(&question.message))
        .then(" (")
        .then(Safe::new(&key))
        .then(" answers)")
}

/// Returns the server's name, version and protocol.
fn says(row: &ServerRow) -> Piece<'static> {
    let Some(era) = &row.era else {
        return Piece::default();
    };
    let identity = row.identity.as_deref().map(Safe::new).map(Piece::from);
    let identity = identity.map_or(Piece::from("MCP "), |it| it.then(", MCP "));
    identity.then(Safe::new(era))
}

/// How many of its tools run beside others, by what the catalogue says.
fn tools(state: &State, row: &ServerRow) -> Piece<'static> {
    if row.tools.is_empty() {
        return Piece::default();
    }
    let (mut taken, mut beside) = (0, 0);
    for tool in state.catalogue.tools() {
        if let ToolAction::Mcp {
            server,
            access,
            operation: McpOperation::CallTool,
            ..
        } = &tool.action
            && *server == row.name
        {
            taken += 1;
            beside += usize::from(access.is_shared());
        }
    }
    let told = figure::count(taken).then(": ");
    let told = told.then(figure::count(beside));
    let told = told.then(" in parallel, ");
    let told = told.then(figure::count(taken - beside)).then(" alone");
    match row.tool_count().saturating_sub(taken) {
        0 => told,
        left => told.then("; ").then(figure::count(left)).then(" left out"),
    }
}

/// Its process tree, as read last: it serves all of its calls.
fn process(state: &State, row: &ServerRow) -> Piece<'static> {
    let Some(pid) = row.pid else {
        // A connected server without a process here runs elsewhere.
        return match row.state {
            ServerState::Ready => "not on this machine: CPU and memory unknown".into(),
            _ => Piece::default(),
        };
    };
    let told = Piece::from("pid ").then(figure::count(pid as usize));
    let gauge = state.run.server_gauges.get(&row.name);
    let Some(sample) = gauge.and_then(|gauge| gauge.latest()) else {
        return told;
    };
    let cpu = sample.cpu_cores.map(figure::percent);
    let told = cpu.map_or_else(Piece::default, |cpu| cpu.then(" of a core, "));
    Piece::from("pid ")
        .then(figure::count(pid as usize))
        .then("; ")
        .then(told)
        .then(figure::bytes(sample.rss_bytes))
        .then(" in ")
        .then(match sample.processes {
            1 => Piece::from("1 process"),
            many => figure::count(many as usize).then(" processes"),
        })
        .then(", for all its calls")
}

/// Tools that are not used before the user has seen what changed.
fn held_back(row: &ServerRow) -> Piece<'static> {
    let names = row.held_back.tools.iter().map(|tool| tool.name.as_str());
    match names.collect::<Vec<_>>().as_slice() {
        [] => Piece::default(),
        names => Safe::new(&names.join(", ")).into(),
    }
}

fn faults(faults: Faults) -> Piece<'static> {
    let parts = [
        (faults.noise, " that were no message"),
        (faults.oversized, " longer than is read"),
        (faults.stray, " about nothing that was asked"),
    ];
    let told = parts.into_iter().filter(|(count, _)| *count > 0);
    told.fold(Piece::default(), |text, (count, what)| {
        let between = if text.is_empty() { "" } else { ", " };
        text.then(between)
            .then(figure::plural(count as usize, "line"))
            .then(what)
    })
}

/// Returns the text below the facts: the standard error, and the changes of
/// tools that are held back.
fn stderr(view: &View<'_>, width: u16) -> Vec<Strip> {
    let mut rows = standard_error(view, width);
    let row = view.state.selected_server();
    let room = usize::from(width).saturating_sub(1);
    for tool in row.iter().flat_map(|row| row.held_back.tools.iter()) {
        let mut heading = view.strip(width);
        let name = Safe::new(&tool.name);
        heading.skip(1).put(name, view.style(Role::Title)).put(
            " is held back: its description changed",
            view.style(Role::ToastWarn),
        );
        rows.push(heading);
        for line in tool.difference.lines() {
            let role = match line.chars().next() {
                Some('+') => Role::Done,
                Some('-') => Role::Failed,
                _ => Role::Muted,
            };
            for part in words::wrap(line, room) {
                let mut strip = view.strip(width);
                strip.skip(1).put(part, view.style(role));
                rows.push(strip);
            }
        }
    }
    rows
}

fn standard_error(view: &View<'_>, width: u16) -> Vec<Strip> {
    let log = &view.state.servers.log;
    let muted = view.style(Role::Muted);
    let mut heading = view.strip(width);
    heading
        .skip(1)
        .put("standard error", view.style(Role::Title));
    let is_other = log.of.0 != view.state.servers.selected;
    if is_other || log.stderr.is_empty() {
        heading.put(": nothing so far", muted);
        return vec![heading];
    }
    if log.left_out_bytes > 0 {
        heading.put(", without its first ", muted);
        heading.put(figure::bytes(log.left_out_bytes), muted);
    }
    let mut rows = vec![heading];
    let room = usize::from(width).saturating_sub(1);
    for line in &log.stderr {
        for part in wrapped(line.as_str(), room) {
            let mut strip = view.strip(width);
            strip.skip(1);
            let style = view.style(Role::LogStderr);
            strip.put_part(line, part, style, view.theme.depth());
            rows.push(strip);
        }
    }
    rows
}
