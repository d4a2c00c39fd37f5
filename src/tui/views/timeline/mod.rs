//! The run as bars over time, by lane or by call.
//!
//! ```text
//! ┌ Timeline by lane ────────────────────────────── 00:00.0 to 01:35.2 ┐
//! │ busy ▂▄▆████▆▄▂                                                     │
//! │ cap 4─────────                                                      │
//! │    1 ✓#3 trace   ▸#9 count        ····                              │
//! │    2 ✓#4 runbook      ✗#17 deploy                                   │
//! │ last run: cap 1, 02:12.0 ────────────────────────────────────────── │
//! │    1 ✓#3▂▂▂▂▂✓#4▂▂▂▂▂▂✓#9▂▂▂▂▂                                      │
//! │      0s        10s       20s                                        │
//! │ 00:12.4  #9 count  ran 00:03.1                                      │
//! └─────────────────────────────────────────────────────────────────────┘
//! ```

pub(in crate::tui) mod bars;
pub(in crate::tui) mod busy;
pub(in crate::tui) mod earlier_run;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::model::{CallId, LaneId};
use crate::theme::Role;
use crate::tui::state::{Pane, TimelineAreas};
use crate::tui::text::glyphs::role_of_state;
use crate::tui::text::{Align, Cut, Piece, Strip, agent, figure};
use crate::tui::timeline::{self, Bar, BarPhase, RowMode, TimeWindow};
use crate::tui::views::{View, chrome};

/// From this width on the title has room for what both runs took.
const WIDE: u16 = 110;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Timeline).is_empty() {
        return;
    }
    let state = view.state;
    let window = state.timeline.shown(state.elapsed());
    let name = match state.timeline.rows {
        RowMode::Lanes => "Timeline by lane",
        RowMode::Calls => "Timeline by call",
    };
    let left = chrome::title(view, Pane::Timeline, name);
    let chart = TimelineAreas::of(state);
    let right = right_title(view, chart, window);
    let inner = chrome::frame(view, Pane::Timeline, &left, &right, buf);
    if state.run.calls.is_empty() {
        let [add, demo] = chrome::FIRST;
        let what = "No calls yet. Each call becomes a bar here: how long it waited for what, \
                    ran and was stopped.";
        chrome::empty(view, inner, &[what, add, demo], buf);
        return;
    }
    busy::render(view, chart, window, buf);
    match state.timeline.rows {
        RowMode::Lanes => lanes(view, chart, window, buf),
        RowMode::Calls => calls(view, chart, window, buf),
    }
    earlier_run::render(view, chart, window, buf);
    axis(view, chart, window, buf);
    cursor(view, chart, window, buf);
}

/// The times that are shown, and the earlier run where it has no line of its
/// own; what both took goes before the times, which the axis has too.
fn right_title(view: &View<'_>, chart: TimelineAreas, window: TimeWindow) -> Strip {
    let muted = view.style(Role::Muted);
    let mut right = view.strip(u16::MAX);
    if let Some(earlier_run) = view.state.timeline.earlier_run()
        && chart.before.is_empty()
    {
        earlier_run::name(view, earlier_run, right.skip(1));
        let named = right.used();
        if view.layout.pane(Pane::Timeline).width >= WIDE {
            earlier_run::difference(view, earlier_run, &mut right);
        }
        right.skip(1);
        if right.used() > named + 1 {
            return right;
        }
        right.put(view.glyphs.dot(), muted);
    }
    right
        .skip(1)
        .put(figure::clock(window.from), muted)
        .put(" to ", muted);
    right.put(figure::clock(window.to), muted).skip(1);
    right
}

fn lanes(view: &View<'_>, chart: TimelineAreas, window: TimeWindow, buf: &mut Buffer) {
    let state = view.state;
    let model = &state.timeline.model;
    let lanes = chart.first(state)..model.lanes.len();
    for (y, lane) in (chart.rows.y..chart.rows.bottom()).zip(lanes) {
        let is_selected = lane == state.timeline.lane;
        let mut label = view.strip(chart.label);
        let bar = if is_selected {
            view.glyphs.selected()
        } else {
            " "
        };
        label.put(bar, view.style(Role::Accent));
        let role = if is_selected {
            Role::Accent
        } else {
            Role::Muted
        };
        let cells = usize::from(chart.label).saturating_sub(3);
        label.cell(
            figure::lane(LaneId(lane as u32)),
            cells,
            Align::Right,
            view.style(role),
        );
        label.draw((chart.rows.x, y), buf);
        let row = chart.bars(Rect {
            y,
            height: 1,
            ..chart.rows
        });
        bars::idle(view, row, window, buf);
        let inside = model.lane(lane, window.from, window.to);
        let seen = timeline::seen(inside, window, row.width);
        bars::draw_lane(view, seen, row, window, buf);
    }
}

fn calls(view: &View<'_>, chart: TimelineAreas, window: TimeWindow, buf: &mut Buffer) {
    let state = view.state;
    let now = state.elapsed();
    for (y, index) in (chart.rows.y..chart.rows.bottom()).zip(chart.first(state)..) {
        let Some(row) = state
            .call_at(Pane::Timeline, index)
            .and_then(|id| state.run.row(id))
        else {
            return;
        };
        let is_selected = state.selection.call() == Some(row.id);
        let is_critical = state.timeline.model.critical.contains(&row.id);
        let mut label = view.strip(chart.label.saturating_sub(1));
        let bar = if is_selected {
            view.glyphs.selected()
        } else {
            " "
        };
        label.put(bar, view.style(Role::Accent));
        label
            .put(
                view.glyphs.state(&row.state),
                view.style(role_of_state(&row.state)),
            )
            .skip(1);
        let role = if is_selected { Role::Accent } else { Role::Fg };
        let mut name = view.style(role);
        if is_critical {
            name = name.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        }
        label.put_cut(agent::marked_name(row), label.room(), Cut::Middle, name);
        label.draw((chart.rows.x, y), buf);
        let area = chart.bars(Rect {
            y,
            height: 1,
            ..chart.rows
        });
        let (ran, waited): (Vec<Bar>, Vec<Bar>) = timeline::of_call(row, now)
            .into_iter()
            .partition(|bar| !matches!(bar.phase, BarPhase::Waited(_)));
        // What ran stands before the run before, and that before what waited.
        for bar in waited {
            bars::draw(view, &bar, area, window, buf);
        }
        earlier_run::call(view, row.id, area, window, buf);
        for bar in ran {
            bars::draw(view, &bar, area, window, buf);
        }
    }
}

/// Round times under the bars, as many as have room.
fn axis(view: &View<'_>, chart: TimelineAreas, window: TimeWindow, buf: &mut Buffer) {
    const APART: u16 = 12;
    let area = chart.bars(chart.axis);
    if area.width < APART {
        return;
    }
    let muted = view.style(Role::Muted);
    let most = u32::from(area.width / APART);
    let step = round_step(window.drawn() / most.max(1));
    let first = window.from.as_millis().div_ceil(step.as_millis().max(1));
    let mut time = step * u32::try_from(first).unwrap_or(u32::MAX);
    let fold = window.fold_columns(area.width);
    while time <= window.to {
        if let Some(gap) = window.fold.filter(|gap| gap.from < time && time < gap.to) {
            let steps = gap.to.as_millis().div_ceil(step.as_millis().max(1));
            time = step * u32::try_from(steps).unwrap_or(u32::MAX);
            continue;
        }
        let x = area.x + window.column(time, area.width);
        if x + 9 <= area.right() {
            let mut strip = view.strip(APART);
            strip
                .put(view.glyphs.tick(), muted)
                .put(figure::clock(time), muted);
            strip.draw((x, area.y), buf);
        }
        time += step;
    }
    if let (Some((from, _)), Some(gap)) = (fold, window.fold) {
        let mut strip = view.strip(APART);
        strip
            .put(view.glyphs.fold(), muted)
            .put(figure::about(gap.length()), muted)
            .put(" idle ", muted);
        strip.draw((area.x + from, area.y), buf);
    }
}

/// The next round time that is not shorter.
fn round_step(least: Duration) -> Duration {
    const ROUND: [u64; 14] = [
        100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
        600_000, 1_800_000,
    ];
    let round = ROUND.into_iter().map(Duration::from_millis);
    let hours = least.as_secs().div_ceil(3600).max(1);
    round
        .filter(|step| *step >= least)
        .min()
        .unwrap_or(Duration::from_secs(hours * 3600))
}

/// The cursor through the rows, and the call under it.
fn cursor(view: &View<'_>, chart: TimelineAreas, window: TimeWindow, buf: &mut Buffer) {
    let timeline = &view.state.timeline;
    let mut strip = view.strip(chart.cursor.width);
    strip.skip(1);
    let bars = chart.bars(chart.rows);
    if let Some(time) = timeline.cursor
        && (window.from..=window.to).contains(&time)
        && bars.width > 0
    {
        let x = bars.x + window.column(time, bars.width);
        let column = Rect::new(x, bars.y, 1, bars.height);
        buf.set_style(column, view.style(Role::Match));
        strip
            .put(figure::clock(time), view.style(Role::Match))
            .skip(2);
    }
    if let Some(row) = view.state.selected() {
        strip
            .put(figure::call(row.id), view.style(Role::Muted))
            .skip(1);
        strip
            .put(agent::marked_name(row), view.style(Role::Fg))
            .skip(2);
        spans(view, row.id, &mut strip);
        earlier_run::spans(view, row.id, &mut strip);
    } else {
        strip.put(
            "h l move the cursor, [ ] zoom, 0 fits all",
            view.style(Role::Muted),
        );
    }
    strip.draw(chart.cursor.as_position(), buf);
}

/// Draws the bars of the selected call, with exact times: at the cursor, else all.
fn spans(view: &View<'_>, call: CallId, strip: &mut Strip) {
    let (state, now) = (view.state, view.state.elapsed());
    let Some(row) = state.run.row(call) else {
        return;
    };
    let all = timeline::of_call(row, now);
    let is_under = |bar: &&Bar| {
        state
            .timeline
            .cursor
            .is_none_or(|time| bar.from <= time && time < bar.end(now))
    };
    // How it ran first: what does not fit is how it waited.
    let waited = |bar: &&Bar| matches!(bar.phase, BarPhase::Waited(_));
    let (waits, runs): (Vec<&Bar>, Vec<&Bar>) = all.iter().filter(is_under).partition(waited);
    for bar in runs {
        let (word, role) = described(bar);
        strip.put(word, view.style(role)).skip(1);
        strip.put(figure::clock(length(bar, now)), view.style(role));
        strip.put(" from ", view.style(Role::Muted));
        strip
            .put(figure::clock(bar.from), view.style(Role::Muted))
            .skip(2);
    }
    for (index, bar) in waits.into_iter().enumerate() {
        let (heading, role) = described(bar);
        let before = if index == 0 { "waited: " } else { ", " };
        strip
            .put(before, view.style(Role::Muted))
            .put(heading, view.style(role))
            .skip(1)
            .put(figure::clock(length(bar, now)), view.style(role));
    }
}

fn length(bar: &Bar, now: Duration) -> Duration {
    bar.end(now).saturating_sub(bar.from)
}

fn described(bar: &Bar) -> (Piece<'static>, Role) {
    match bar.phase {
        BarPhase::Waited(heading) => (Piece::from(heading), Role::Queued),
        BarPhase::Ran(None) => (Piece::from("running"), Role::Running),
        BarPhase::Ran(Some(outcome)) => (
            Piece::from("ran, ").then(outcome.word()),
            crate::tui::text::glyphs::role_of_outcome(outcome),
        ),
        BarPhase::Stopped => (Piece::from("stopping"), Role::Stopping),
    }
}
