//! Details of the selected tool.
//!
//! ```text
//! ┌ word-count ───────────────────────────────────┐
//! │ Counts lines, words and bytes of a file        │
//! │ runs      fanout sample-tool word-count …      │
//! │ promises  read-only, idempotent                │
//! │ this run  3 succeeded, 1 failed, median 0.4 s  │
//! │ arguments                                      │
//! │   path*   string   A file or folder            │
//! └────────────────────────────────────────────────┘
//! ```

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;

use crate::catalogue::Elsewhere;
use crate::lab;
use crate::model::{Annotations, CallState, Outcome, OutputKind, StdinKind, Tool, ToolAction};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::glyphs::role_of_outcome;
use crate::tui::text::schema;
use crate::tui::text::{Align, Piece, Strip, figure, json, words};
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    let area = view.layout.pane(Pane::Tool);
    if area.is_empty() {
        return;
    }
    let Some(tool) = view.state.selected_tool() else {
        let left = chrome::title(view, Pane::Tool, "Tool");
        chrome::frame(view, Pane::Tool, &left, &view.strip(0), buf);
        return;
    };
    let mut left = chrome::title(view, Pane::Tool, "Tool");
    left.put(Safe::new(tool.name.as_str()), view.style(Role::Title))
        .skip(1);
    let inner = chrome::frame(view, Pane::Tool, &left, &view.strip(0), buf);
    let rows = rows(view, tool, inner.width);
    let scroll = &view.state.tools.scroll;
    let first = scroll.settle(rows.len(), usize::from(inner.height));
    let shown = rows.iter().skip(first);
    for (strip, y) in shown.zip(inner.y..inner.bottom()) {
        strip.draw((inner.x, y), buf);
    }
}

fn rows(view: &View<'_>, tool: &Tool, width: u16) -> Vec<Strip> {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let mut rows = Vec::new();
    for line in words::wrap(&tool.description, usize::from(width).saturating_sub(2)) {
        let mut strip = view.strip(width);
        strip.skip(1).put(line, fg);
        rows.push(strip);
    }
    rows.push(view.strip(width));
    let mut put = |label: &'static str, value: Piece<'static>| {
        if !value.is_empty() {
            let mut strip = view.strip(width);
            strip
                .skip(1)
                .cell(label, 11, Align::Left, muted)
                .put(value, fg);
            rows.push(strip);
        }
    };
    facts(tool, &mut put);
    rows.push(this_run(view, tool, width));
    rows.extend(times(view, tool, width));
    rows.push(view.strip(width));
    arguments(view, tool, width, &mut rows);
    if let Some(schema) = &tool.input_schema {
        rows.push(view.strip(width));
        rows.push(heading(view, "schema", width));
        rows.extend(json::pretty(view.theme, view.glyphs, schema, width, 2));
    }
    rows
}

fn heading(view: &View<'_>, text: &'static str, width: u16) -> Strip {
    let mut strip = view.strip(width);
    strip.skip(1).put(text, view.style(Role::Title));
    strip
}

fn facts(tool: &Tool, put: &mut impl FnMut(&'static str, Piece<'static>)) {
    if let ToolAction::Command { argv, stdin, .. } = &tool.action {
        put("runs", Safe::new(&argv.join(" ")).into());
        let elsewhere = Elsewhere::of_tool(tool).map(|it| Piece::from(Safe::new(&it.to_string())));
        put("beware", elsewhere.unwrap_or_default());
        if *stdin == StdinKind::Json {
            put(
                "reads",
                Piece::from("all arguments as JSON on standard input"),
            );
        }
    }
    if let ToolAction::Http { request } = &tool.action {
        let asked = format!("{} {}", request.method, request.url);
        put("asks", Safe::new(&asked).into());
        put("measures", Piece::from("nothing: it runs elsewhere"));
    }
    if let ToolAction::Mcp { server, access, .. } = &tool.action {
        put(
            "asks",
            Piece::from("server ").then(Safe::new(server.as_str())),
        );
        put("overlaps", Piece::from(access.reason()));
    }
    put(
        "prints",
        Piece::from(match tool.output {
            OutputKind::Auto => "JSON or text",
            OutputKind::Json => "JSON",
            OutputKind::Text => "text",
        }),
    );
    put("promises", promises(tool.annotations));
    let timeout = tool.timeouts.run.map(figure::left);
    put("timeout", timeout.unwrap_or_default());
    let most = tool.max_parallel.map(|most| figure::count(most as usize));
    put("at once", most.unwrap_or_default());
    let list = |names: &[String]| Piece::from(Safe::new(&names.join(", ")));
    put("writes", list(&tool.write_locks));
    put("shares", list(&tool.read_locks));
    let origin = tool
        .origin
        .as_ref()
        .map(|path| Safe::new(&path.display().to_string()));
    put(
        "from",
        origin.map_or(Piece::from("the sample tools"), Piece::from),
    );
}

/// Returns the tool's annotations; a missing one is taken at its worst.
fn promises(annotations: Annotations) -> Piece<'static> {
    let mut words: Vec<&'static str> = Vec::new();
    words.push(match annotations.read_only {
        Some(true) => "read-only",
        Some(false) => "changes things",
        None => "may change things",
    });
    if annotations.read_only != Some(true) {
        words.push(match annotations.destructive {
            Some(true) => "destructive",
            Some(false) => "not destructive",
            None => "may destroy",
        });
    }
    if annotations.idempotent == Some(true) {
        words.push("idempotent");
    }
    words.push(match annotations.open_world {
        Some(true) => "reaches beyond this machine",
        Some(false) => "stays on this machine",
        None => "may reach beyond this machine",
    });
    let parts = words.iter().enumerate();
    parts.fold(Piece::default(), |text, (index, word)| {
        text.then(if index == 0 { "" } else { ", " }).then(*word)
    })
}

/// How the tool's calls of this run ended, and how long its successes took.
fn this_run(view: &View<'_>, tool: &Tool, width: u16) -> Strip {
    let run = &view.state.run;
    let mut ended: BTreeMap<&'static str, (Outcome, usize)> = BTreeMap::new();
    for row in run.calls.iter().filter(|row| row.tool == tool.name) {
        if let CallState::Ended(outcome) = row.state {
            ended.entry(outcome.word()).or_insert((outcome, 0)).1 += 1;
        }
    }
    let mut strip = view.strip(width);
    strip
        .skip(1)
        .cell("this run", 11, Align::Left, view.style(Role::Muted));
    if ended.is_empty() {
        strip.put("no call of it has ended", view.style(Role::Muted));
    }
    for (outcome, count) in ended.into_values() {
        let style = view.style(role_of_outcome(outcome));
        strip
            .put(view.glyphs.outcome(outcome), style)
            .put(figure::count(count), style);
        strip.skip(1).put(outcome.word(), style).skip(2);
    }
    strip
}

/// How long the tool's latest successful calls of this run took: 50, 95 and
/// 99 % of them no longer than so.
fn times(view: &View<'_>, tool: &Tool, width: u16) -> Option<Strip> {
    let times = lab::times_of_tool(&view.state.run, &tool.name)?;
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let mut strip = view.strip(width);
    strip.skip(1).cell("took", 11, Align::Left, muted);
    let parts = [
        ("p50 ", times.run.p50),
        ("p95 ", times.run.p95),
        ("p99 ", times.run.p99),
    ];
    for (name, time) in parts {
        strip
            .put(name, muted)
            .put(figure::seconds(time), fg)
            .skip(2);
    }
    Some(strip)
}

fn arguments(view: &View<'_>, tool: &Tool, width: u16, rows: &mut Vec<Strip>) {
    let properties = schema::properties(tool);
    let muted = view.style(Role::Muted);
    rows.push(heading(view, "arguments", width));
    if properties.is_empty() {
        let mut strip = view.strip(width);
        let takes_none = tool.input_schema.as_ref().is_some_and(schema::is_closed);
        let said = if takes_none { "none" } else { "any object" };
        strip.skip(3).put(said, muted);
        rows.push(strip);
    }
    let longest = properties
        .iter()
        .map(|it| it.name.len() + 1)
        .max()
        .unwrap_or(0)
        .clamp(8, 20);
    let kinds = properties.iter().map(|it| it.kind.chars().count());
    let kind = kinds.max().unwrap_or(0).clamp(6, 24);
    for property in properties {
        let mut strip = view.strip(width);
        let end = 3 + longest;
        strip
            .skip(3)
            .put(Safe::new(&property.name), view.style(Role::JsonKey));
        strip.put(
            if property.is_required { "*" } else { "" },
            view.style(Role::Danger),
        );
        strip
            .skip_to(end)
            .skip(1)
            .cell(Safe::new(&property.kind), kind, Align::Left, muted)
            .skip(1);
        let at = strip.used();
        let room = strip.room().saturating_sub(1).max(12);
        let mut description = words::wrap(&property.description, room).into_iter();
        let fg = view.style(Role::Fg);
        strip.put(description.next().unwrap_or_default(), fg);
        rows.push(strip);
        rows.extend(description.map(|line| {
            let mut more = view.strip(width);
            more.skip_to(at).put(line, fg);
            more
        }));
    }
}
