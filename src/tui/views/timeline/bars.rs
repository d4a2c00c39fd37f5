//! One bar of the timeline.
//!
//! ```text
//! ░░░░ waited for a lane   ▒▒▒▒ for a lock   ✓#3 trace   ran   ▾▾▾ was stopped
//! ```

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::model::CallId;
use crate::theme::Role;
use crate::tui::text::glyphs::role_of_outcome;
use crate::tui::text::{Strip, agent, figure};
use crate::tui::timeline::{Bar, BarPhase, TimeWindow};
use crate::tui::views::View;

/// Draws what is before now as idle.
pub(in crate::tui) fn idle(view: &View<'_>, row: Rect, window: TimeWindow, buf: &mut Buffer) {
    let now = view.state.elapsed();
    if row.width == 0 || window.from > now {
        return;
    }
    let end = window.column(now, row.width) + 1;
    let style = view.style(Role::MeterTrack);
    fill(
        view,
        row,
        0..end.min(row.width),
        view.glyphs.dot(),
        style,
        buf,
    );
    if let Some((from, to)) = window.fold_columns(row.width) {
        fill(view, row, from..to, view.glyphs.fold(), style, buf);
    }
}

/// Draws the bars of a lane, so that each is told apart from the next one even
/// where that begins at once.
pub(in crate::tui) fn draw_lane<'b>(
    view: &View<'_>,
    bars: impl Iterator<Item = &'b Bar>,
    row: Rect,
    window: TimeWindow,
    buf: &mut Buffer,
) {
    let now = view.state.elapsed();
    let mut bars = bars.peekable();
    let mut is_odd = false;
    while let Some(bar) = bars.next() {
        draw(view, bar, row, window, buf);
        let from = window.column(bar.from, row.width);
        let to = window.column(bar.end(now), row.width).max(from + 1);
        let touches = bars
            .peek()
            .is_some_and(|next| next.call != bar.call && window.column(next.from, row.width) <= to);
        is_odd = touches && !is_odd;
        let last = (row.x + to.saturating_sub(1), row.y);
        if !touches || !matches!(bar.phase, BarPhase::Ran(_)) {
            continue;
        }
        let Some(cell) = buf.cell_mut(last) else {
            continue;
        };
        if to - from >= 2 {
            // Half a cell is left free before the next one.
            cell.set_symbol(view.glyphs.bar_end());
        }
        if to - from >= 2 || is_odd {
            let style = cell.style().remove_modifier(Modifier::REVERSED);
            cell.modifier
                .remove(Modifier::REVERSED | Modifier::UNDERLINED);
            cell.set_style(style);
        }
    }
}

/// Draws a bar into its row.
pub(in crate::tui) fn draw(
    view: &View<'_>,
    bar: &Bar,
    row: Rect,
    window: TimeWindow,
    buf: &mut Buffer,
) {
    let now = view.state.elapsed();
    let end = bar.end(now);
    if row.width == 0 || bar.from > window.to || end < window.from {
        return;
    }
    let from = window.column(bar.from, row.width);
    let to = window.column(end, row.width).max(from + 1);
    match bar.phase {
        BarPhase::Waited(heading) => {
            let (sign, role) = waiting(view, heading);
            fill(view, row, from..to, sign, view.style(role), buf);
        }
        BarPhase::Stopped => {
            let style = view.style(Role::Stopping).add_modifier(Modifier::REVERSED);
            fill(view, row, from..to, view.glyphs.stopping(), style, buf);
        }
        BarPhase::Ran(outcome) => {
            let (sign, role) = match outcome {
                None => (view.glyphs.running(), Role::Running),
                Some(outcome) => (view.glyphs.outcome(outcome), role_of_outcome(outcome)),
            };
            let is_selected = view.state.selection.call() == Some(bar.call);
            let is_critical = view.state.timeline.model.critical.contains(&bar.call);
            let mut style = bar_style(view, role);
            if is_critical {
                style = style.add_modifier(Modifier::UNDERLINED);
            }
            if is_selected {
                style = style.add_modifier(Modifier::BOLD);
            }
            let mut label = view.strip(to - from);
            label
                .put(sign, style)
                .put(figure::call(bar.call), style)
                .put(" ", style);
            if let Some(call) = view.state.run.row(bar.call) {
                label.put(agent::marked_name(call), style);
            }
            fill(view, row, from..to, " ", style, buf);
            label.draw((row.x + from, row.y), buf);
        }
    }
}

/// Bars are drawn by exchanging text and background, which every terminal can.
fn bar_style(view: &View<'_>, role: Role) -> Style {
    let style = view.style(role);
    style
        .remove_modifier(Modifier::DIM)
        .add_modifier(Modifier::REVERSED)
}

/// Draws a bar of the run before: a thin line that begins with its sign and
/// its call's number, where that is wanted and has room.
pub(in crate::tui) fn thin(
    view: &View<'_>,
    bar: &Bar,
    named: Option<CallId>,
    row: Rect,
    window: TimeWindow,
    buf: &mut Buffer,
) {
    let end = bar.end(window.to);
    if row.width == 0 || bar.from > window.to || end < window.from {
        return;
    }
    let from = window.column(bar.from, row.width);
    let to = window.column(end, row.width).max(from + 1);
    let muted = view.style(Role::Muted);
    let mut strip = view.strip(to - from);
    match bar.phase {
        BarPhase::Ran(Some(outcome)) => {
            let sign = view.glyphs.outcome(outcome);
            strip.put(sign, view.style(role_of_outcome(outcome)));
            let number = named.map(figure::call);
            if let Some(number) = number.filter(|it| it.width() <= strip.room()) {
                strip.put(number, muted);
            }
        }
        _ => {
            strip.put(view.glyphs.stopping(), view.style(Role::Stopping));
        }
    }
    while strip.room() > 0 {
        strip.put(view.glyphs.thin_bar(), muted);
    }
    strip.draw((row.x + from, row.y), buf);
}

/// The sign and role of waiting, by the heading of the reason.
fn waiting(view: &View<'_>, heading: &str) -> (&'static str, Role) {
    match heading {
        "after" => (view.glyphs.dot(), Role::Queued),
        "slot" => (view.glyphs.light_shade(), Role::Queued),
        "lock" => (view.glyphs.dark_shade(), Role::Timeout),
        "retry" | "rate" => (view.glyphs.retrying(), Role::Retrying),
        _ => ("p", Role::Stopping),
    }
}

fn fill(
    view: &View<'_>,
    row: Rect,
    columns: Range<u16>,
    sign: &'static str,
    style: Style,
    buf: &mut Buffer,
) {
    let mut strip = Strip::new(columns.end.saturating_sub(columns.start), view.glyphs);
    for _ in columns.start..columns.end.min(row.width) {
        strip.put(sign, style);
    }
    strip.draw((row.x + columns.start, row.y), buf);
}
