//! The readings of a call as curves over the whole width.
//!
//! ```text
//! │ cpu 98%    ⣀⣠⣴⣶⣿⣿⣿⣷⣄            │
//! │ most 102%  ⣿⣿⣿⣿⣿⣿⣿⣿⣿            │
//! │ marks      attempt 1    SIGTERM  │
//! ```

use std::time::Duration;

use super::NAMES;
use crate::model::{CallRow, CallSample};
use crate::theme::Role;
use crate::tui::text::{Piece, Strip, figure};
use crate::tui::views::View;
use crate::tui::views::chrome::graph::{self, Level};

/// Rows of a curve.
const CURVE: usize = 3;

/// The readings of a call over the whole width, with marks at its attempts and
/// at the steps of the stop ladder.
pub(super) fn curves(view: &View<'_>, row: &CallRow, width: u16, rows: &mut Vec<Strip>) {
    let samples = &row.samples;
    if samples.iter().flatten().next().is_none() {
        return;
    }
    let cells = usize::from(width).saturating_sub(NAMES + 2);
    let cores = samples.iter().map(|it| it?.cpu_cores);
    curve(view, "cpu", cores.collect(), figure::percent, cells, rows);
    let bytes = |value: f32| figure::bytes(value as u64);
    let memory = samples.iter().map(|it| Some(it?.rss_bytes as f32));
    curve(view, "mem", memory.collect(), bytes, cells, rows);
    // Bytes since the reading before; a gap where one of the two is missing.
    let read: Vec<Option<&CallSample>> = samples.iter().collect();
    let moved = read.windows(2).map(|two| {
        let bytes = |it: Option<&CallSample>| it?.disk_bytes;
        let [before, now] = two else { return None };
        Some(bytes(*now)?.saturating_sub(bytes(*before)?) as f32)
    });
    curve(view, "disk", moved.collect(), bytes, cells, rows);
    let is_marked =
        row.attempts.len() > 1 || row.attempts.iter().any(|it| it.stop_ordered.is_some());
    if is_marked {
        rows.push(marks(view, row, cells));
    }
}

/// Rows of one curve, scaled to the highest reading, which stands before it.
fn curve(
    view: &View<'_>,
    name: &'static str,
    readings: Vec<Option<f32>>,
    figure: fn(f32) -> Piece<'static>,
    cells: usize,
    rows: &mut Vec<Strip>,
) {
    let highest = readings.iter().flatten().copied().fold(0.0_f32, f32::max);
    if !readings.iter().any(Option::is_some) {
        return;
    }
    let latest = readings.iter().rev().flatten().next().copied();
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    if highest <= 0.0 {
        let mut strip = view.strip(u16::MAX);
        let none = figure(highest).then(" all the time");
        strip
            .skip(1)
            .put(name, muted)
            .skip_to(NAMES + 1)
            .put(none, fg);
        rows.push(strip);
        return;
    }
    let levels = readings.into_iter();
    let levels = levels.map(|it| Some(Level::own(it? / highest.max(f32::EPSILON))));
    for (index, graph) in graph::rows(view, levels, cells, CURVE).iter().enumerate() {
        let mut strip = view.strip(u16::MAX);
        strip.skip(1);
        match index {
            0 => strip
                .put(name, muted)
                .skip(1)
                .put(latest.map_or_else(Piece::default, figure), fg),
            1 => strip.put("most ", muted).put(figure(highest), muted),
            _ => &mut strip,
        };
        strip.skip_to(NAMES + 1).append(graph);
        rows.push(strip);
    }
}

/// Marks under the curves: the number of each attempt at its start, and where
/// SIGTERM and SIGKILL were sent.
fn marks(view: &View<'_>, row: &CallRow, cells: usize) -> Strip {
    let state = view.state;
    let now = row.ended.unwrap_or_else(|| state.run_now());
    let period = state.sample_period().as_secs_f64().max(0.001);
    let readings = row.samples.len().min(cells * 2);
    // The latest reading stands at the right end.
    let place = |at: Duration| {
        let ago = now.saturating_sub(at).as_secs_f64() / period;
        let from_left = readings as f64 - ago;
        (from_left >= 0.0).then(|| cells - readings.div_ceil(2) + (from_left / 2.0) as usize)
    };
    let mut strip = view.strip(u16::MAX);
    strip.skip(1).put("marks", view.style(Role::Muted));
    let mut put = |at: Duration, text: Piece<'static>, role: Role| {
        if let Some(column) = place(at)
            && NAMES + 1 + column >= strip.used()
        {
            strip
                .skip_to(NAMES + 1 + column)
                .put(text, view.style(role));
        }
    };
    for attempt in &row.attempts {
        let number = Piece::from("attempt ").then(figure::count(attempt.attempt.0 as usize));
        put(attempt.started, number, Role::Muted);
        let Some(ordered) = attempt.stop_ordered else {
            continue;
        };
        put(ordered, "SIGTERM".into(), Role::Stopping);
        let hard = ordered + row.timeouts.grace;
        if attempt.ended.unwrap_or(now) >= hard {
            put(hard, "SIGKILL".into(), Role::Failed);
        }
    }
    strip
}
