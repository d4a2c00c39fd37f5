//! Every call, or those that wait, in a table.
//!
//! ```text
//! ┌ Queue 4 ──────────────────────────────────────────────────── sort: start ┐
//! │  #   st call       tool      arguments       after     prio  why / time   │
//! │▌ #18 ◌  report     echo      text=…          #3 #5        0  after count  │
//! └──────────────────────────────────────────────────────────────────────────┘
//! ```

pub(in crate::tui) mod columns;

use std::time::Duration;

use ratatui::buffer::Buffer;

use crate::model::{CallRow, CallState};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::Pane;
use crate::tui::text::glyphs::role_of_state;
use crate::tui::text::{Align, Cut, Piece, Strip, agent, args, figure, wait};
use crate::tui::views::chrome::list;
use crate::tui::views::queue::columns::TableColumns;
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Table).is_empty() {
        return;
    }
    let state = view.state;
    let name = if state.has_all_in_table() {
        "All calls"
    } else {
        "Queue"
    };
    let mut left = chrome::title(view, Pane::Table, name);
    left.put(
        figure::count(state.listed(Pane::Table)),
        view.style(Role::Title),
    )
    .skip(1);
    let inner = chrome::frame(view, Pane::Table, &left, &list::selector(view), buf);
    let body = view.layout.table_area();
    let shown = state.columns.with_order(state.selector.sort);
    let columns = TableColumns::of(inner.width, state.run.calls.len(), &shown);
    columns
        .titles(view, inner.width)
        .draw(inner.as_position(), buf);
    if state.listed(Pane::Table) == 0 {
        let [add, demo] = chrome::FIRST;
        let lines: &[&'static str] = if state.run.calls.is_empty() {
            &[
                "No calls yet. Each call has a row here, with its state and why it waits.",
                add,
                demo,
            ]
        } else {
            &["No call matches the filter. Esc removes it."]
        };
        chrome::empty(view, body, lines, buf);
        return;
    }
    list::calls(view, Pane::Table, body, buf, |row, strip| {
        call(view, row, &columns, strip);
    });
}

fn call(view: &View<'_>, row: &CallRow, columns: &TableColumns, strip: &mut Strip) {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let state = view.style(role_of_state(&row.state));
    strip.cell(agent::marked_name(row), columns.name, Align::Left, fg);
    if columns.tool > 0 {
        strip.skip(1).cell(
            Safe::new(row.tool.as_str()),
            columns.tool,
            Align::Left,
            muted,
        );
    }
    if columns.args > 0 {
        let line = args::line(&row.args, view.state.catalogue.get(&row.tool));
        let end = strip.used() + 1 + columns.args;
        strip
            .skip(1)
            .put_cut(line, columns.args, Cut::End, fg)
            .skip_to(end);
    }
    if columns.after > 0 {
        let end = strip.used() + 1 + columns.after;
        parents(view, row, strip.skip(1), columns.after);
        strip.skip_to(end);
    }
    if columns.priority > 0 {
        let priority = figure::signed(row.call.priority);
        strip
            .skip(1)
            .cell(priority, columns.priority, Align::Right, muted);
    }
    figures(view, row, columns, strip);
    if columns.why > 0 {
        let why = why(view, row, columns.why);
        strip.skip(1).put_cut(why, columns.why, Cut::Middle, state);
    }
}

/// The columns of figures; what was not measured stays blank.
fn figures(view: &View<'_>, row: &CallRow, columns: &TableColumns, strip: &mut Strip) {
    let style = view.style(Role::Fg);
    let time = |time: Option<Duration>| time.map(figure::took).unwrap_or_default();
    let waited = Some(row.waited.total()).filter(|it| !it.is_zero());
    let figures = [
        (columns.time, time(row.elapsed(view.state.run_now()))),
        (columns.cpu, time(row.cpu_ms().map(Duration::from_millis))),
        (
            columns.memory,
            row.memory_bytes().map(figure::bytes).unwrap_or_default(),
        ),
        (columns.wait, time(waited)),
    ];
    for (cells, text) in figures.into_iter().filter(|(cells, _)| *cells > 0) {
        strip.skip(1).cell(text, cells, Align::Right, style);
    }
}

/// The calls it waits for, those that have not ended set off.
fn parents(view: &View<'_>, row: &CallRow, strip: &mut Strip, room: usize) {
    let end = strip.used() + room;
    for (index, edge) in row.call.after.iter().enumerate() {
        let is_open = view
            .state
            .run
            .row(edge.call)
            .is_some_and(|it| !it.state.is_ended());
        let role = if is_open { Role::Queued } else { Role::Done };
        let text = figure::call(edge.call);
        if strip.used() + text.width() + 2 > end {
            let more = Piece::from("+").then(figure::count(row.call.after.len() - index));
            strip.put_cut(more, end - strip.used(), Cut::End, view.style(Role::Muted));
            return;
        }
        strip.put(text, view.style(role)).skip(1);
    }
}

/// Why it waits, how long it has been running, or how it ended.
fn why(view: &View<'_>, row: &CallRow, room: usize) -> Piece<'static> {
    let (run, now) = (&view.state.run, view.state.run_now());
    let time = || {
        let shown = if row.state.is_ended() {
            figure::took
        } else {
            figure::clock
        };
        row.elapsed(now).map_or_else(Piece::default, shown)
    };
    if let Some(call) = &row.proxied {
        return agent::stands(row, call, run, now, room);
    }
    match (&row.wait, row.state) {
        (Some(_), _) => {
            let ellipsis = view.glyphs.ellipsis();
            wait::reason_in(row, &view.state.catalogue, run, now, room, ellipsis)
        }
        (None, CallState::Ended(outcome)) => match &row.reason {
            Some(reason) => Piece::from(outcome.word())
                .then(": ")
                .then(Safe::new(reason)),
            None => Piece::from(outcome.word()).then(" ").then(time()),
        },
        (None, state) => Piece::from(state.word()).then(" ").then(time()),
    }
}
