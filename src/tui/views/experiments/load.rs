//! A load: a row for each step, how latencies are spread, calls over time.

use ratatui::style::{Modifier, Style};

use super::summary::wrapped;
use crate::lab::load::{
    BINS, LoadFindings, LoadSecond, StepFigures, milliseconds, shortest_of, three_digits,
};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::text::{Align, Strip, figure};
use crate::tui::views::View;
use crate::tui::views::chrome::sparkline;

/// Cells of the columns: level, calls, calls per second, a time, errors.
const LEVEL: usize = 8;
const CALLS: usize = 7;
const RATE: usize = 8;
const TIME: usize = 9;
const ERRORS: usize = 7;
/// Cells of a bar of the histogram at most, and of a bin's name.
const BAR: usize = 60;
const BIN: usize = 9;

/// Its table, its pictures and its result.
pub(in crate::tui) fn lines(view: &View<'_>, findings: &LoadFindings, width: u16) -> Vec<Strip> {
    let mut lines = vec![titles(view, width)];
    let steps = findings.steps.iter();
    let fg = view.style(Role::Fg);
    lines.extend(steps.map(|step| row(view, step, fg, width)));
    if let Some(live) = &findings.live {
        let style = view.style(Role::Running).add_modifier(Modifier::BOLD);
        lines.push(row(view, live, style, width));
    }
    if let Some(sentence) = findings.sentence() {
        lines.extend(wrapped(view, &sentence, width, view.style(Role::Title)));
    }
    for hazard in findings.hazards() {
        let style = view.style(Role::ToastError);
        lines.extend(wrapped(view, &hazard, width, style));
    }
    if findings.request.ignores_limits {
        let text = "Limits and locks of the catalogue are lifted.";
        lines.extend(wrapped(view, text, width, view.style(Role::ToastError)));
    }
    if let Some(shown) = findings.live.as_ref().or(findings.steps.last()) {
        lines.extend(remarks(view, shown, width));
        lines.push(view.strip(width));
        lines.extend(histogram(view, findings, width));
        lines.extend(course(view, findings, width));
    }
    if let Some(cost) = findings.own_cost {
        let text = format!("fanout itself: {} a call", milliseconds(cost));
        lines.extend(wrapped(view, &text, width, view.style(Role::Muted)));
    }
    lines
}

fn titles(view: &View<'_>, width: u16) -> Strip {
    let muted = view.style(Role::Muted);
    let mut strip = view.strip(width);
    strip
        .cell("step", LEVEL, Align::Right, muted)
        .cell("calls", CALLS, Align::Right, muted)
        .cell("calls/s", RATE, Align::Right, muted);
    for title in percentiles(width) {
        strip.cell(title.0, TIME, Align::Right, muted);
    }
    strip.cell("errors", ERRORS, Align::Right, muted);
    strip
}

type Percentile = (&'static str, fn(&StepFigures) -> std::time::Duration);

/// The percentiles that there is room for.
fn percentiles(width: u16) -> impl Iterator<Item = Percentile> {
    let all: [Percentile; 5] = [
        ("p50", |it| it.latency.p50),
        ("p95", |it| it.latency.p95),
        ("p99", |it| it.latency.p99),
        ("max", |it| it.latency.max),
        ("service", |it| it.service.p50),
    ];
    let room = usize::from(width).saturating_sub(LEVEL + CALLS + RATE + ERRORS + 1);
    all.into_iter().take(room / TIME)
}

fn row(view: &View<'_>, step: &StepFigures, style: Style, width: u16) -> Strip {
    let mut strip = view.strip(width);
    let text = |text: String| Safe::new(&text);
    strip
        .cell(text(step.level.to_string()), LEVEL, Align::Right, style)
        .cell(
            figure::count(step.calls as usize),
            CALLS,
            Align::Right,
            style,
        )
        .cell(
            text(three_digits(step.throughput())),
            RATE,
            Align::Right,
            style,
        );
    for (_, time) in percentiles(width) {
        let time = milliseconds(time(step));
        strip.cell(text(time), TIME, Align::Right, style);
    }
    let errors = step.error_count();
    let of_errors = if errors > 0 {
        view.style(Role::Failed)
    } else {
        style
    };
    strip.cell(
        figure::count(errors as usize),
        ERRORS,
        Align::Right,
        of_errors,
    );
    strip
}

/// Remarks on a step beside its figures.
fn remarks(view: &View<'_>, step: &StepFigures, width: u16) -> Vec<Strip> {
    let muted = view.style(Role::Muted);
    let mut flight = format!(
        "in flight {:.1}, at most {}",
        step.in_flight_mean, step.in_flight_most
    );
    if let Some(cores) = step.cpu_cores {
        flight = format!("{flight}; {cores:.2} cores");
    }
    if let Some(waits) = step.waits_in_words() {
        flight = format!("{flight}; {waits}");
    }
    let mut lines = wrapped(view, &flight, width, muted);
    if let Some(text) = step.not_offered() {
        lines.extend(wrapped(view, &text, width, view.style(Role::ToastWarn)));
    }
    for error in &step.errors {
        let first = Safe::new(error.first.lines().next().unwrap_or_default());
        let text = format!("{} {}: {}", error.count, error.kind, first.as_str());
        lines.extend(wrapped(view, &text, width, view.style(Role::Failed)));
    }
    lines
}

/// The bins that have calls: those of the last ten seconds in the foreground,
/// each as its part of them, over those of the step.
fn histogram(view: &View<'_>, findings: &LoadFindings, width: u16) -> Vec<Strip> {
    let (of_step, recent) = (&findings.trace.step, findings.trace.recent());
    let is_any = |bin: &usize| of_step[*bin] > 0;
    let (Some(first), Some(last)) = ((0..BINS).find(is_any), (0..BINS).rfind(is_any)) else {
        return Vec::new();
    };
    let muted = view.style(Role::Muted);
    let mut title = view.strip(width);
    title
        .cell("latency", BIN, Align::Right, muted)
        .skip(1)
        .put("last 10 s ", view.style(Role::Running))
        .put(view.glyphs.bar()[0], view.style(Role::Running))
        .put("  step ", muted)
        .put(view.glyphs.bar()[1], muted);
    let cells = BAR.min(usize::from(width).saturating_sub(BIN + 10));
    let parts = |counts: &[u64; BINS]| {
        let sum = counts.iter().sum::<u64>().max(1) as f64;
        counts.map(|count| count as f64 / sum)
    };
    let (of_step, recent) = (parts(of_step), parts(&recent));
    let most = of_step.iter().chain(&recent).copied();
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    let bars = (first..=last).map(|bin| {
        let length = |part: f64| (part / most * cells as f64).round() as usize;
        let (now, all) = (length(recent[bin]), length(of_step[bin]));
        let mut strip = view.strip(width);
        let name = milliseconds(shortest_of(bin));
        strip
            .cell(Safe::new(&name), BIN, Align::Right, muted)
            .skip(1);
        for cell in 0..now.max(all) {
            let [full, pale] = view.glyphs.bar();
            if cell < now {
                strip.put(full, view.style(Role::Running));
            } else {
                strip.put(pale, muted);
            }
        }
        strip
    });
    std::iter::once(title).chain(bars).collect()
}

/// Calls per second over time, with a mark where the cap changed.
fn course(view: &View<'_>, findings: &LoadFindings, width: u16) -> Vec<Strip> {
    let muted = view.style(Role::Muted);
    let cells = usize::from(width).saturating_sub(BIN + 2);
    let seconds = &findings.trace.seconds;
    let shown: Vec<&LoadSecond> = seconds.iter().rev().take(cells).rev().collect();
    let most = shown.iter().map(|it| it.calls).max().unwrap_or(0).max(1);
    let level = |it: &&LoadSecond| Some(it.calls as f32 / most as f32);
    let mut rate = view.strip(width);
    rate.cell("calls/s", BIN, Align::Right, muted).skip(1);
    let count = shown.len();
    let style = view.style(Role::Series1);
    sparkline::put(
        &mut rate,
        shown.iter().map(level),
        count,
        style,
        view.glyphs,
    );
    let mut marks = view.strip(width);
    marks.cell("step", BIN, Align::Right, muted).skip(1);
    // Of marks that overlap the latest is whole.
    let mut letters = vec![' '; cells];
    for (cell, second) in shown.iter().enumerate() {
        if let Some(level) = second.changed_to {
            let text = format!("{}{level} ", view.glyphs.up());
            let room = letters.iter_mut().skip(cell);
            for (place, letter) in room.zip(text.chars()) {
                *place = letter;
            }
        }
    }
    let text: String = letters.into_iter().collect();
    marks.put(Safe::new(text.trim_end()), view.style(Role::Accent));
    vec![rate, marks]
}
