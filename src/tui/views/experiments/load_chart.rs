//! The load of a run as a chart over time: lanes in use under the cap, calls
//! that wait, and the pressure on the machine, one below the other.
//!
//! ```text
//! Load of this run, read every 0.5 s
//!      ─ cap 4   ───────────────────────────── 4
//!               ▇██████████████████▇▇▅▅▅▃▃▁
//!    running 2  ███████████████████████████▇
//!     queued 0  █▇▇▆▅▅▄▄▃▃▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁ 28
//! pressure 12%  ▁▃▅▆▆▅▅▅▅   ▅▅▅▅▃▃▂▁▁▁▁▁▁▁▁▁▁▁ 100%
//!               ╵0 s      ╵5 s      ╵10 s
//! ```
//! Columns without a reading are blank; a reading of nothing is a low line.

use std::time::Duration;

use ratatui::layout::Size;
use ratatui::style::Style;

use crate::model::{CapChange, History, LoadSample};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::text::{Cut, Piece, Strip, figure};
use crate::tui::views::View;
use crate::tui::views::chrome::scale;
use crate::tui::views::experiments::load_curve::{LoadColumn, LoadCurve};

/// Cells of the names at the left, with a blank behind them.
const LABEL: u16 = 15;
/// Cells of the figure at the upper end of each scale.
const TOP: u16 = 7;
/// Rows of a chart at least and at most.
pub(in crate::tui) const LEAST: u16 = 6;
const MOST: u16 = 16;
/// A cap of more than so many times the most running calls is off the scale.
const OFF_SCALE: f64 = 4.0;

/// Rows from which on the pace at which calls end has rows of its own.
const PACE_FROM: u16 = 8;
/// Changes of the cap that are told in words, the latest.
const CHANGES: usize = 3;

/// Draws the load of a run into at most so many rows, with the changes of its
/// cap.
pub(in crate::tui) fn lines(
    view: &View<'_>,
    whose: Piece<'static>,
    load_samples: &History<LoadSample>,
    changes: &[CapChange],
    size: Size,
) -> Vec<Strip> {
    let Size { width, height } = size;
    let (title, muted) = (view.style(Role::Title), view.style(Role::Muted));
    let mut first = view.strip(width);
    first.skip(1).put("Load of ", title).put(whose, title);
    let columns = width.saturating_sub(LABEL + TOP);
    let Some(curve) = LoadCurve::of(load_samples, columns) else {
        first.put(": no reading yet", muted);
        return vec![first];
    };
    let period = match curve.period {
        Some(period) => format!(", read every {:.1} s", period.as_secs_f64()),
        None => ", read once".to_owned(),
    };
    first.put(Safe::new(&period), muted);
    if curve.is_estimated {
        first.put("; pressure ~ is estimated", muted);
    }
    let told = changes.len().min(CHANGES);
    let marks = u16::from(told > 0);
    let height = height.saturating_sub(told as u16 + marks);
    let rows = height.clamp(LEAST, MOST) - 2;
    let has_pace = rows >= PACE_FROM;
    let bands = if has_pace { 4 } else { 2 };
    let small = (rows / (bands + 2)).clamp(1, 3);
    let chart = Chart { view, curve, width };
    let mut lines = vec![first];
    lines.extend(chart.lanes(rows - bands * small));
    lines.extend(chart.queued(small));
    if has_pace {
        lines.extend(chart.pace(small));
        lines.extend(chart.medians(small));
    }
    lines.extend(chart.pressure(small));
    if marks > 0 {
        lines.push(chart.marks(changes));
    }
    let (from, to) = chart.curve.span;
    let seconds = from.as_secs_f64()..=to.as_secs_f64();
    lines.push(scale::axis(view, LABEL, columns, seconds));
    let latest = changes.iter().skip(changes.len() - told);
    lines.extend(latest.map(|change| change_line(view, change, width)));
    lines
}

/// A change of the cap with the pace before and after it.
///
/// ```text
///  at 12 s: 4 → 8 lanes: 5.9 → 11.8/s, median 0.41 → 0.63 s
/// ```
fn change_line(view: &View<'_>, change: &CapChange, width: u16) -> Strip {
    let muted = view.style(Role::Muted);
    let mut strip = view.strip(width);
    strip
        .skip(1)
        .put("at ", muted)
        .put(figure::left(change.at), muted)
        .put(": ", muted);
    put_change(view, &mut strip, change);
    strip
}

/// Draws a change of the cap and what came of it.
pub(in crate::tui) fn put_change(view: &View<'_>, strip: &mut Strip, change: &CapChange) {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let arrow = view.glyphs.to_server();
    strip
        .put(figure::cap(change.step.before), view.style(Role::Accent))
        .put(" ", muted)
        .put(arrow, muted)
        .put(" ", muted)
        .put(figure::cap(change.step.cap), view.style(Role::Accent))
        .put(" lanes: ", fg);
    let (before, after) = (change.before, change.after);
    if after.ended == 0 {
        strip
            .put(figure::per_second(before.per_second()), fg)
            .put(" before; nothing has ended since", muted);
        return;
    }
    strip
        .put(figure::cores(before.per_second()), fg)
        .put(" ", muted)
        .put(arrow, muted)
        .put(" ", muted)
        .put(figure::per_second(after.per_second()), fg);
    if let (Some(one), Some(two)) = (before.median, after.median) {
        strip
            .put(", median ", muted)
            .put(figure::times(one.as_secs_f64()), fg)
            .put(" ", muted)
            .put(arrow, muted)
            .put(" ", muted)
            .put(figure::seconds(two), fg);
    }
}

struct Chart<'a> {
    view: &'a View<'a>,
    curve: LoadCurve,
    width: u16,
}

/// A sign in a cell, with its look.
type Sign = (&'static str, Style);

impl Chart<'_> {
    /// Lanes in use under a line that is the cap.
    fn lanes(&self, rows: u16) -> Vec<Strip> {
        let view = self.view;
        let (line, block) = (view.style(Role::Accent), view.style(Role::Series1));
        let (cap, running, _) = self.curve.most;
        let is_off = f64::from(cap.get()) > OFF_SCALE * f64::from(running.max(1));
        let most = if is_off {
            running.max(1)
        } else {
            cap.get().max(running)
        };
        // The uppermost row belongs to a cap at the upper end of the scale.
        let scale = f64::from(rows - 1);
        let rows = (0..rows).rev().map(|row| {
            let mut strip = view.strip(self.width);
            let latest = &self.curve.latest;
            if f64::from(row) + 0.5 > scale {
                let name = Piece::from("cap ").then(figure::cap(latest.cap));
                let sign = if is_off { " " } else { view.glyphs.level() };
                label(&mut strip, (sign, line), name, line);
            } else if row == 0 {
                let name = Piece::from("running ").then(figure::count(latest.running as usize));
                let sign = (view.glyphs.spark(1.0), block);
                label(&mut strip, sign, name, view.style(Role::Fg));
            }
            self.cells(&mut strip, |it| {
                let at = (it.cap / f64::from(most) * scale).floor() as u16;
                if at == row && !is_off {
                    return Some((view.glyphs.level(), line));
                }
                filled(view, it.running / f64::from(most) * scale, row).map(|sign| (sign, block))
            });
            if f64::from(row) + 0.5 > scale {
                self.top(&mut strip, figure::count(most as usize));
            }
            strip
        });
        rows.collect()
    }

    /// Calls that wait.
    fn queued(&self, rows: u16) -> Vec<Strip> {
        let (_, _, most) = self.curve.most;
        let latest = figure::count(self.curve.latest.queued as usize);
        let level = |it: &LoadColumn| Some(it.queued / f64::from(most.max(1)));
        let name = Piece::from("queued ").then(latest);
        let top = figure::count(most as usize);
        self.band(rows, &name, Role::Queued, &top, level)
    }

    /// Calls that end a second.
    fn pace(&self, rows: u16) -> Vec<Strip> {
        let columns = self.curve.columns.iter().flatten();
        let most = columns.map(|it| it.rate).fold(0.0_f64, f64::max);
        let latest = figure::per_second(self.curve.latest.pace.per_second());
        let level = |it: &LoadColumn| Some(it.rate / most.max(f64::MIN_POSITIVE));
        let name = Piece::from("ended ").then(latest);
        let top = figure::per_second(most);
        self.band(rows, &name, Role::Series3, &top, level)
    }

    /// The median run time of the calls that end.
    fn medians(&self, rows: u16) -> Vec<Strip> {
        let columns = self.curve.columns.iter().flatten();
        let most = columns.filter_map(|it| it.median).fold(0.0_f64, f64::max);
        let latest = self.curve.latest.pace.median;
        let latest = latest.map_or(Piece::from("?"), figure::seconds);
        let level = |it: &LoadColumn| Some(it.median? / most.max(f64::MIN_POSITIVE));
        let name = Piece::from("median ").then(latest);
        let top = figure::seconds(Duration::from_secs_f64(most));
        self.band(rows, &name, Role::Series4, &top, level)
    }

    /// A mark at each change of the cap, with the cap from there on.
    fn marks(&self, changes: &[CapChange]) -> Strip {
        let mut strip = self.view.strip(self.width);
        let style = self.view.style(Role::Accent);
        strip.skip(7).put("cap to", style);
        let (from, to) = self.curve.span;
        let length = to.saturating_sub(from).as_secs_f64();
        let columns = self.curve.columns.len() as f64;
        for change in changes.iter().filter(|it| (from..=to).contains(&it.at)) {
            let share = change.at.saturating_sub(from).as_secs_f64() / length;
            let at = usize::from(LABEL) + (share * columns) as usize;
            if at >= strip.used() {
                strip
                    .skip_to(at)
                    .put(self.view.glyphs.then(), style)
                    .put(figure::cap(change.step.cap), style);
            }
        }
        strip
    }

    /// How much is waited for cores.
    fn pressure(&self, rows: u16) -> Vec<Strip> {
        let name = match self.curve.latest.pressure {
            Some(pressure) => {
                let sign = if self.curve.is_estimated { "~" } else { "" };
                let percent = Piece::from(sign).then(figure::percent(pressure.cpu));
                Piece::from("pressure ").then(percent)
            }
            None => Piece::from("pressure ?"),
        };
        self.band(rows, &name, Role::Series2, &"100%".into(), |it| it.pressure)
    }

    /// Rows of one figure, whose levels are parts of the upper end.
    fn band(
        &self,
        rows: u16,
        name: &Piece<'static>,
        role: Role,
        top: &Piece<'static>,
        level: impl Fn(&LoadColumn) -> Option<f64>,
    ) -> Vec<Strip> {
        let view = self.view;
        let style = view.style(role);
        let rows = (0..rows).rev().map(|row| {
            let mut strip = view.strip(self.width);
            if row == 0 {
                label(&mut strip, ("", style), name.clone(), view.style(Role::Fg));
            }
            self.cells(&mut strip, |it| {
                let level = level(it)? * f64::from(rows);
                filled(view, level, row).map(|sign| (sign, style))
            });
            if row + 1 == rows {
                self.top(&mut strip, top.clone());
            }
            strip
        });
        rows.collect()
    }

    /// The columns of a row.
    fn cells(&self, strip: &mut Strip, sign: impl Fn(&LoadColumn) -> Option<Sign>) {
        strip.skip_to(usize::from(LABEL));
        for column in &self.curve.columns {
            match column.as_ref().and_then(&sign) {
                Some((sign, style)) => strip.put(sign, style),
                None => strip.skip(1),
            };
        }
    }

    /// The figure at the upper end of a scale.
    fn top(&self, strip: &mut Strip, figure: Piece<'static>) {
        let style = self.view.style(Role::Muted);
        strip
            .skip(1)
            .put_cut(figure, usize::from(TOP) - 1, Cut::End, style);
    }
}

/// Draws the label of a row, after its sign.
fn label(strip: &mut Strip, sign: Sign, name: Piece<'static>, style: Style) {
    let (sign, look) = sign;
    let room = usize::from(LABEL) - 1;
    let before = room.saturating_sub(name.width() + 2);
    strip.skip(before).put(sign, look);
    strip.skip_to(room.saturating_sub(name.width()));
    strip.put_cut(name, room, Cut::End, style);
}

/// Returns the sign of a level in a row, counted from below; `None`
/// above it.
fn filled(view: &View<'_>, level: f64, row: u16) -> Option<&'static str> {
    let part = level - f64::from(row);
    (row == 0 || part > 0.05).then(|| view.glyphs.spark(part as f32))
}
