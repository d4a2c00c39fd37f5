//! The lanes with their calls.
//!
//! ```text
//! ┌ Lanes 4/4 ───────────────────────────────────────────────────────────────┐
//! │   # st call      arguments                   elapsed     eta   cpu  trend │
//! │▌  1 ▸ #14 grep   pattern="retry" path=src/    00:12.4  ~00:06   84%  ▂▄▆█▇ │
//! │       └ src/net/pool.rs:88: retry with jitter                     │
//! │   2   idle                                                                │
//! └──────────────────────────────────────────────────────────────────────────┘
//! ```

pub(in crate::tui) mod columns;
pub(in crate::tui) mod ending;
pub(in crate::tui) mod finished;
pub(in crate::tui) mod queue;
pub(in crate::tui) mod row;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::{LaneId, plural};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::Pane;
use crate::tui::state::layout::Breadth;
use crate::tui::text::{Align, Piece, Strip, figure};
use crate::tui::views::chrome::graph;
use crate::tui::views::experiments::load_chart::put_change;
use crate::tui::views::lanes::columns::LaneColumns;
use crate::tui::views::{View, chrome};

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    let area = view.layout.pane(Pane::Lanes);
    if area.is_empty() {
        return;
    }
    if view.state.is_over() {
        ending::render(view, buf);
        return;
    }
    let run = &view.state.run;
    let (busy, lanes) = (run.counts.busy() as u64, run.cap().get());
    let mut left = chrome::title(view, Pane::Lanes, "Lanes");
    left.put(figure::part(busy, lanes), view.style(Role::Title))
        .skip(1);
    if busy > u64::from(lanes) && view.state.watched_in_lanes() > 0 {
        let over = Piece::from("over cap ").then(figure::cap(run.cap()));
        left.put(over, view.style(Role::Muted)).skip(1);
    }
    let inner = view.layout.inner(Pane::Lanes);
    let columns = LaneColumns::of(inner.width, run.lanes.len());
    let titles = columns.titles(view, inner.width);
    let is_wide = view.layout.breadth == Breadth::Wide;
    let right = match view.layout.breadth {
        Breadth::Medium => columns.right_titles(view),
        Breadth::Wide => {
            let mut right = view.strip(inner.width.saturating_sub(left.used() as u16 + 2));
            cap_change(view, &mut right);
            right.append(&progress(view));
            right
        }
        Breadth::Narrow => view.strip(0),
    };
    let inner = chrome::frame(view, Pane::Lanes, &left, &right, buf);
    if is_wide {
        titles.draw(inner.as_position(), buf);
    }
    let body = view.layout.lane_area();
    if run.counts.open() == 0 {
        empty(view, body, buf);
        return;
    }
    rows(view, body, &columns, buf);
}

/// For so long what came of a change of the cap is told.
const TOLD_FOR: Duration = Duration::from_mins(1);

/// The latest change of the cap with the pace before and after it, while it is
/// new and there is room beside the progress.
fn cap_change(view: &View<'_>, strip: &mut Strip) {
    let change = view.state.run.cap_changes.latest();
    let is_new = |at: Duration| view.state.run_now().saturating_sub(at) < TOLD_FOR;
    let Some(change) = change.filter(|it| is_new(it.at)) else {
        return;
    };
    let mut told = view.strip(strip.room() as u16);
    told.skip(1);
    put_change(view, &mut told, change);
    told.skip(1);
    if told.used() + progress(view).used() < strip.room() {
        strip.append(&told);
    }
}

/// How much of the run is done, as a bar, and the time that is left.
///
/// ```text
///  12/17 ████████░░░░ ~00:34 left
/// ```
fn progress(view: &View<'_>) -> Strip {
    let run = &view.state.run;
    let (done, all) = (run.counts.ended(), run.calls.len());
    let mut strip = view.strip(48);
    if all == 0 || run.counts.open() == 0 {
        return strip;
    }
    let muted = view.style(Role::Muted);
    let part = figure::part(done as u64, all as u64);
    strip.skip(1).put(part, view.style(Role::Title)).skip(1);
    let share = done as f32 / all as f32;
    graph::bar(view, &mut strip, 12, share, Role::Done);
    // A call that takes longer than expected leaves nothing to foretell.
    if let Some(left) = view.state.time_left().filter(|it| !it.is_zero()) {
        let left = Piece::from(" ~").then(figure::whole_clock(left));
        strip.put(left.then(" left"), muted);
    }
    strip.skip(1);
    strip
}

fn rows(view: &View<'_>, body: Rect, columns: &LaneColumns, buf: &mut Buffer) {
    let state = view.state;
    let lines = view.layout.lane_lines(state);
    let mut y = body.y;
    for index in state.list(Pane::Lanes).first..state.run.lanes.len() {
        if y >= body.bottom() {
            return;
        }
        let lane = LaneId(index as u32);
        let call = state.call_at(Pane::Lanes, index);
        let Some(row) = call.and_then(|id| state.run.row(id)) else {
            idle(
                view,
                lane,
                columns,
                Rect {
                    y,
                    height: 1,
                    ..body
                },
                buf,
            );
            y += 1;
            continue;
        };
        row::figures(view, row, lane, columns, body.width).draw((body.x, y), buf);
        if lines == 2 {
            row::detail(view, row, lane, columns, body.width).draw((body.x, y + 1), buf);
        }
        if state.selection.call() == Some(row.id) {
            chrome::select(
                view,
                Pane::Lanes,
                Rect {
                    y,
                    height: 1,
                    ..body
                },
                buf,
            );
        }
        y += lines;
    }
}

fn idle(view: &View<'_>, lane: LaneId, columns: &LaneColumns, row: Rect, buf: &mut Buffer) {
    let mut strip = view.strip(row.width);
    let style = view.style(Role::Muted);
    strip
        .skip(1)
        .cell(figure::lane(lane), columns.lane, Align::Right, style);
    strip.skip_to(columns.head()).put("idle", style);
    strip.draw(row.as_position(), buf);
}

/// Nothing runs and nothing waits.
fn empty(view: &View<'_>, body: Rect, buf: &mut Buffer) {
    if view.state.run.counts.ended() == 0 {
        first(view, body, buf);
        return;
    }
    let goes_on = if view.state.selected_proxied().is_some() {
        "An agent's next one comes by itself; a adds one of your own, q leaves."
    } else {
        "r runs the selected one again, a adds one, q leaves."
    };
    let lines = &["Every call has ended.", goes_on];
    chrome::empty(view, body, lines, buf);
    buf.set_style(body, Style::new());
}

/// Cells of a key, and of the name of what it leads to.
const KEY: usize = 3;
const NAME: usize = 24;

/// There are no calls at all: what can be opened, and how to add one.
fn first(view: &View<'_>, body: Rect, buf: &mut Buffer) {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let says = |text: &'static str| {
        let mut strip = view.strip(body.width);
        strip.skip(1).put(text, muted);
        strip
    };
    let leads = |action: Option<Action>, name: &Safe, help: &Safe| {
        let key = action.and_then(|it| view.state.keymap.key(it));
        let key = Safe::new(&key.unwrap_or_default());
        let mut strip = view.strip(body.width);
        strip
            .skip(1)
            .cell(&key, KEY, Align::Left, view.style(Role::KeyHint))
            .cell(name, NAME, Align::Left, fg)
            .skip(1)
            .put(help, muted);
        strip
    };
    let mut lines = vec![says("No calls yet. Each call that runs gets a lane here.")];
    let (add, help) = (Safe::new("add a call"), Safe::new(Action::Add.row().help));
    lines.push(leads(Some(Action::Add), &add, &help));
    let servers = view.state.run.servers.len();
    if servers > 0 {
        let name = Safe::new(&plural(servers, "server"));
        let help = Safe::new("The first call of one of their tools starts it");
        lines.push(leads(Some(Action::ScreenServers), &name, &help));
    }
    for (index, offer) in view.state.offers.iter().enumerate() {
        let key = (index == 0).then_some(Action::OpenFile);
        let (name, help) = (Safe::new(&offer.label()), Safe::new(&offer.help()));
        lines.push(leads(key, &name, &help));
    }
    for (line, y) in lines.iter().zip(body.y..body.bottom()) {
        line.draw((body.x, y), buf);
    }
}
