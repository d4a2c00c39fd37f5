//! The runs of a comparison as bars over time, at one scale.
//!
//! ```text
//! cap 1   16.0 s (15.9 s to 16.1 s)
//!      1 ✓fetch-1  ✓fetch-2  ✓fetch-3  ✓fetch-4  ✓fetch-5  …
//! cap 4   4.02 s (4.01 s to 4.05 s)  speed-up 3.98 (3.93 to 4.01)  at best 4.00 s (lanes)
//!      1 ✓fetch-1  ✓fetch-5
//!      2 ✓fetch-2  ✓fetch-6
//!        0 s       2 s       4 s       6 s       8 s
//! ```

use std::time::Duration;

use ratatui::layout::Size;
use ratatui::style::Modifier;

use crate::lab::compare::{CompareFindings, Timing, Typical};
use crate::lab::{seconds, seconds_range};
use crate::model::{Outcome, Plan};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::text::glyphs::role_of_outcome;
use crate::tui::text::{Align, Cut, Piece, Strip, figure};
use crate::tui::views::View;
use crate::tui::views::chrome::scale::axis;

/// Cells of a lane's number and the blanks around it.
const LABEL: u16 = 6;
/// Lanes that have a row each; more are drawn as how many were busy.
const ROWS: usize = 16;
/// Rows of the busy lanes, where they have none each.
const BUSY: usize = 6;

/// The typical run of each cap, and its figures.
pub(in crate::tui) fn bars(
    view: &View<'_>,
    plan: &Plan,
    findings: &CompareFindings,
    width: u16,
) -> Vec<Strip> {
    let Some(scale) = Scale::of(findings.typical.iter(), width) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for (run, timing) in findings.typical.iter().zip(&findings.timings) {
        lines.extend(figures(view, timing, width));
        lines.extend(lanes(view, plan, run, scale, 1));
    }
    lines.push(scale.axis(view));
    lines
}

/// The lowest cap and the highest one as they are shown to an audience: each
/// run under one line, at one scale, with the axis below. A lane takes as many
/// rows as there is room for, up to three.
pub(in crate::tui) fn two_runs(
    view: &View<'_>,
    plan: &Plan,
    findings: &CompareFindings,
    size: Size,
) -> Vec<Strip> {
    let Size { width, height } = size;
    let runs = [findings.typical.first(), findings.typical.last()];
    let Some(scale) = Scale::of(runs.into_iter().flatten(), width) else {
        return Vec::new();
    };
    let all: usize = runs.into_iter().flatten().map(lane_count).sum();
    let room = usize::from(height).saturating_sub(3);
    let each = (room / all.max(1)).clamp(1, 3);
    let bold = view.style(Role::Title).add_modifier(Modifier::BOLD);
    let mut lines = Vec::new();
    for run in runs.into_iter().flatten() {
        let mut strip = view.strip(width);
        let cap = figure::plural(run.cap.get() as usize, "lane");
        let wall = seconds(run.wall.as_secs_f64());
        strip
            .skip(1)
            .put(cap, bold)
            .put(": ", bold)
            .put(Safe::new(&wall), bold);
        lines.push(strip);
        lines.extend(lanes(view, plan, run, scale, each));
    }
    lines.push(scale.axis(view));
    lines
}

/// How time becomes columns.
#[derive(Clone, Copy)]
struct Scale {
    columns: u16,
    longest: Duration,
}

impl Scale {
    /// One for these runs; `None` where none took any time.
    fn of<'r>(runs: impl Iterator<Item = &'r Typical>, width: u16) -> Option<Self> {
        let longest = runs.map(|run| run.wall).max();
        Some(Self {
            columns: width.saturating_sub(LABEL + 1),
            longest: longest.filter(|wall| !wall.is_zero())?,
        })
    }

    fn axis(self, view: &View<'_>) -> Strip {
        let seconds = 0.0..=self.longest.as_secs_f64();
        axis(view, LABEL, self.columns, seconds)
    }

    fn column(self, time: Duration) -> u16 {
        let part = time.as_secs_f64() / self.longest.as_secs_f64();
        ((part * f64::from(self.columns)).round() as u16).min(self.columns)
    }

    fn time(self, column: u16) -> Duration {
        self.longest
            .mul_f64(f64::from(column) / f64::from(self.columns.max(1)))
    }
}

/// One run: a row for each lane, or of many lanes how many were busy.
fn lanes(view: &View<'_>, plan: &Plan, run: &Typical, scale: Scale, each: usize) -> Vec<Strip> {
    let count = lane_count(run);
    if count <= ROWS {
        let rows = (0..count).flat_map(|lane| (0..each).map(move |line| (lane, line)));
        // The names stand in the middle row of three, else in the first.
        let named = (each - 1) / 2;
        let rows = rows.map(|(lane, line)| {
            let plan = (line == named).then_some(plan);
            row(view, plan, run, lane, scale)
        });
        rows.collect()
    } else {
        busy(view, run, count, scale)
    }
}

/// Returns how many lanes a run used.
fn lane_count(run: &Typical) -> usize {
    1 + run.spans.iter().map(|span| span.lane.0).max().unwrap_or(0) as usize
}

/// Returns the figures above a run's bars, in two lines where one is too short.
fn figures(view: &View<'_>, timing: &Timing, width: u16) -> Vec<Strip> {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let bold = view.style(Role::Title).add_modifier(Modifier::BOLD);
    let mut strip = view.strip(width);
    strip
        .skip(1)
        .put("cap ", bold)
        .put(figure::cap(timing.cap), bold)
        .skip(2);
    strip
        .put(Safe::new(&seconds(timing.wall.at)), bold)
        .put(" (", muted)
        .put(Safe::new(&seconds_range(&timing.wall)), muted)
        .put(")", muted);
    let is_base = (timing.speed_up.low, timing.speed_up.high) == (1.0, 1.0);
    if !is_base {
        let it = &timing.speed_up;
        let text = format!("speed-up {:.2}", it.at);
        strip
            .skip(2)
            .put(Safe::new(&text), view.style(Role::Accent));
        let text = format!(" ({:.2} to {:.2})", it.low, it.high);
        strip.put(Safe::new(&text), muted);
    }
    let best = seconds(timing.lower_bound.as_secs_f64());
    let mut bound = view.strip(width);
    bound
        .skip(2)
        .put("at best ", muted)
        .put(Safe::new(&best), fg)
        .put(" (", muted)
        .put(Safe::new(&timing.binding.in_words()), fg)
        .put("), which is ", muted)
        .put(Safe::new(&timing.efficiency_text()), fg)
        .put(" of its time", muted);
    if bound.used() <= strip.room() {
        strip.append(&bound);
        return vec![strip];
    }
    vec![strip, bound]
}

/// One lane of a run; without the plan a row of bars that bear no names.
fn row(view: &View<'_>, plan: Option<&Plan>, run: &Typical, lane: usize, scale: Scale) -> Strip {
    let mut strip = view.strip(LABEL + scale.columns);
    let number = plan.map_or_else(Piece::default, |_| figure::count(lane + 1));
    let muted = view.style(Role::Muted);
    strip
        .cell(number, usize::from(LABEL) - 1, Align::Right, muted)
        .skip(1);
    let spans = run.spans.iter().filter(|span| span.lane.0 as usize == lane);
    for span in spans {
        let from = usize::from(LABEL + scale.column(span.from)).max(strip.used());
        let to = usize::from(LABEL + scale.column(span.to)).max(from + 1);
        idle(view, &mut strip, from);
        let outcome = span.outcome.unwrap_or(Outcome::Lost);
        let style = view
            .style(role_of_outcome(outcome))
            .remove_modifier(Modifier::DIM)
            .add_modifier(Modifier::REVERSED);
        let mut bar = view.strip((to - from) as u16);
        if plan.is_some() {
            bar.put(view.glyphs.outcome(outcome), style);
        }
        if let Some(call) = plan.and_then(|it| it.calls.get(span.call.index())) {
            let room = bar.room().saturating_sub(1);
            bar.put_cut(Safe::new(call.name.as_str()), room, Cut::End, style);
        }
        while bar.room() > 1 {
            bar.put(" ", style);
        }
        if bar.room() > 0 {
            // Half a cell, so that the next bar is seen to begin.
            let end = style.remove_modifier(Modifier::REVERSED);
            bar.put(view.glyphs.bar_end(), end);
        }
        strip.append(&bar);
    }
    let end = usize::from(LABEL + scale.column(run.wall));
    idle(view, &mut strip, end);
    strip
}

/// A lane that stood empty, up to a cell of its row.
fn idle(view: &View<'_>, strip: &mut Strip, until: usize) {
    let style = view.style(Role::MeterTrack);
    while strip.used() < until && strip.room() > 0 {
        strip.put(view.glyphs.dot(), style);
    }
}

/// How many lanes were busy when.
fn busy(view: &View<'_>, run: &Typical, lanes: usize, scale: Scale) -> Vec<Strip> {
    let columns = 0..scale.column(run.wall);
    let levels: Vec<f64> = columns
        .map(|column| {
            let (from, to) = (scale.time(column), scale.time(column + 1));
            let inside = run.spans.iter().map(|span| {
                let time = span.to.min(to).saturating_sub(span.from.max(from));
                time.as_secs_f64()
            });
            inside.sum::<f64>() / to.saturating_sub(from).as_secs_f64().max(1e-9)
        })
        .collect();
    let rows = (0..BUSY).rev().map(|row| {
        let mut strip = view.strip(LABEL + scale.columns);
        let muted = view.style(Role::Muted);
        match row {
            row if row + 1 == BUSY => {
                strip.cell(
                    figure::count(lanes),
                    usize::from(LABEL) - 1,
                    Align::Right,
                    muted,
                );
            }
            0 => drop(strip.cell("busy", usize::from(LABEL) - 1, Align::Right, muted)),
            _ => {}
        }
        strip.skip_to(usize::from(LABEL));
        for level in &levels {
            let filled = level / lanes as f64 * BUSY as f64 - row as f64;
            if filled > 0.05 {
                let sign = view.glyphs.spark(filled as f32);
                strip.put(sign, view.style(Role::Series1));
            } else {
                strip.skip(1);
            }
        }
        strip
    });
    rows.collect()
}
