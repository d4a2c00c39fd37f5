//! A sweep as a plot: wall time over the cap, with the intervals of the
//! medians as whiskers and the fitted law as a curve.
//!
//! ```text
//! 16.0 s┤ ┼
//!       │  ·
//! 8.00 s┤   ·┼·
//!       │      ··┼····┼····┼
//!    0 s┤
//!       └─┴──┴───┴────┴────┴─
//!         1  2   4    8   16
//! ```
//! Caps stand at their logarithms: each step is a factor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line, Points};

use crate::lab::sweep::{Mark, SweepFindings};
use crate::model::Cap;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::text::glyphs::Glyphs;
use crate::tui::text::rounding::{round_step, rounded};
use crate::tui::text::{Align, figure};
use crate::tui::views::View;

/// Cells of the times at the left.
const TIMES: u16 = 8;
/// Times at the left at most.
const MOST_TIMES: u16 = 6;
/// Points of the curve for each cell.
const FINE: u16 = 2;

/// Draws the plot; without runs there is none.
pub(in crate::tui) fn render(
    view: &View<'_>,
    findings: &SweepFindings,
    area: Rect,
    buf: &mut Buffer,
) {
    let Some(plot) = Plot::of(findings, area) else {
        return;
    };
    axes(view, &plot, findings, buf);
    paint(view, &plot, findings, buf);
    medians(view, &plot, findings, buf);
}

/// Where times and caps are.
struct Plot {
    /// Where the curve is drawn: inside of the axes.
    inside: Rect,
    /// The highest time.
    most: f64,
    /// Logarithms of the lowest and the highest cap, with some room around.
    from: f64,
    to: f64,
}

impl Plot {
    fn of(findings: &SweepFindings, area: Rect) -> Option<Self> {
        let runs = findings.runs.iter().map(|run| run.seconds);
        let most = runs.fold(0.0, f64::max);
        let (first, last) = (
            findings.request.caps.first()?,
            findings.request.caps.last()?,
        );
        if area.width < TIMES + 12 || area.height < 6 || most <= 0.0 {
            return None;
        }
        let (from, to) = (log(*first), log(*last));
        let around = (to - from).max(1.0) * 0.05;
        Some(Self {
            inside: Rect::new(area.x + TIMES, area.y, area.width - TIMES, area.height - 2),
            most: most * 1.05,
            from: from - around,
            to: to + around,
        })
    }

    /// The column of a cap.
    fn column(&self, cap: Cap) -> u16 {
        let part = (log(cap) - self.from) / (self.to - self.from);
        let last = f64::from(self.inside.width - 1);
        self.inside.x + (part * last).round() as u16
    }

    /// The row of a time.
    fn row(&self, seconds: f64) -> u16 {
        let part = (seconds / self.most).clamp(0.0, 1.0);
        let last = f64::from(self.inside.height - 1);
        self.inside.bottom() - 1 - (part * last).round() as u16
    }
}

fn log(cap: Cap) -> f64 {
    f64::from(cap.get()).log2()
}

fn axes(view: &View<'_>, plot: &Plot, findings: &SweepFindings, buf: &mut Buffer) {
    let (muted, inside) = (view.style(Role::Muted), plot.inside);
    let border = view.glyphs.border();
    for y in inside.y..inside.bottom() {
        let mut strip = view.strip(1);
        strip.put(border.vertical_left, muted);
        strip.draw((inside.x - 1, y), buf);
    }
    let step = round_step(plot.most / f64::from((inside.height / 3).clamp(1, MOST_TIMES)));
    for number in 0..=MOST_TIMES {
        let time = f64::from(number) * step;
        if time <= plot.most {
            let mut strip = view.strip(TIMES - 1);
            let text = rounded(time, step);
            strip.cell(Safe::new(&text), strip.room(), Align::Right, muted);
            strip.draw((inside.x - TIMES, plot.row(time)), buf);
        }
    }
    let mut line = view.strip(inside.width + 1);
    line.put(border.bottom_left, muted);
    for _ in 0..inside.width {
        line.put(border.horizontal_bottom, muted);
    }
    line.draw((inside.x - 1, inside.bottom()), buf);
    let mut free = inside.x;
    for cap in &findings.request.caps {
        let mark = findings.mark(*cap);
        let style = match mark {
            Some(Mark::WorthUsing) => view.style(Role::Accent).add_modifier(Modifier::BOLD),
            _ => muted,
        };
        let mut label = view.strip(6);
        label.put(figure::cap(*cap), style);
        let x = plot.column(*cap).saturating_sub(label.used() as u16 / 2);
        if x >= free && x + label.used() as u16 <= inside.right() {
            label.draw((x, inside.bottom() + 1), buf);
            free = x + label.used() as u16 + 1;
        }
    }
    let mut name = view.strip(TIMES);
    name.cell("cap", usize::from(TIMES) - 1, Align::Right, muted);
    name.draw((inside.x - TIMES, inside.bottom() + 1), buf);
}

/// The curve and the whiskers.
fn paint(view: &View<'_>, plot: &Plot, findings: &SweepFindings, buf: &mut Buffer) {
    let colour = |role| view.style(role).fg.unwrap_or(Color::Reset);
    let marker = |sign| match view.glyphs {
        Glyphs::Unicode => Marker::Braille,
        Glyphs::Ascii => Marker::Custom(sign),
    };
    let columns = plot.inside.width * FINE;
    let curve: Vec<(f64, f64)> = findings
        .curve
        .iter()
        .flat_map(|curve| {
            (0..=columns).map(|column| {
                let part = f64::from(column) / f64::from(columns);
                let at = plot.from + part * (plot.to - plot.from);
                (at, curve.usl.wall(at.exp2()))
            })
        })
        .filter(|(_, wall)| *wall <= plot.most)
        .collect();
    let runs: Vec<(f64, f64)> = (findings.runs.iter())
        .map(|run| (log(run.cap), run.seconds))
        .collect();
    Canvas::default()
        .background_color(view.style(Role::Bg).bg.unwrap_or(Color::Reset))
        .x_bounds([plot.from, plot.to])
        .y_bounds([0.0, plot.most])
        .marker(marker('.'))
        .paint(|canvas| {
            canvas.draw(&Points {
                coords: &curve,
                color: colour(Role::Series2),
            });
            canvas.layer();
            canvas.draw(&Points {
                coords: &runs,
                color: colour(Role::Muted),
            });
            canvas.marker(marker('|'));
            for it in &findings.caps {
                let x = log(it.cap);
                canvas.draw(&Line {
                    x1: x,
                    y1: it.wall.low,
                    x2: x,
                    y2: it.wall.high,
                    color: colour(Role::Series1),
                });
            }
        })
        .render(plot.inside, buf);
}

/// A sign at each median, on top of everything.
fn medians(view: &View<'_>, plot: &Plot, findings: &SweepFindings, buf: &mut Buffer) {
    for it in &findings.caps {
        let mark = findings.mark(it.cap);
        let (sign, style) = match mark {
            Some(Mark::WorthUsing) => ("O", view.style(Role::Accent).add_modifier(Modifier::BOLD)),
            _ => ("o", view.style(Role::Series1)),
        };
        let (x, y) = (plot.column(it.cap), plot.row(it.wall.at));
        let mut strip = view.strip(1);
        strip.put(sign, style);
        strip.draw((x, y), buf);
        if let Some(mark) = mark.filter(|_| y > plot.inside.y) {
            let mut label = view.strip(12);
            label.put(mark.words(), style);
            let width = label.used() as u16;
            let left = x
                .saturating_sub(width / 2)
                .min(plot.inside.right().saturating_sub(width));
            if mark == Mark::WorthUsing {
                label.draw((left.max(plot.inside.x), y - 1), buf);
            }
        }
    }
}
