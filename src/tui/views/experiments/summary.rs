//! Summary of an experiment in words and figures.

use ratatui::style::{Modifier, Style};

use crate::lab::compare;
use crate::lab::sweep::{CapFigures, Mark, SweepFindings};
use crate::lab::{Interval, percent, seconds, seconds_range};
use crate::model::Plan;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::text::{Align, Strip, figure, words};
use crate::tui::views::View;

/// Cells of the columns of a sweep's table.
const CAP: usize = 5;
const MEDIAN: usize = 8;
const RANGE: usize = 18;
const OVER: usize = 7;
const CURVE: usize = 8;
/// Cells of a part of the lane time.
const METER: usize = 20;

/// A sweep's table, what it recommends, and the law.
pub(in crate::tui) fn sweep(view: &View<'_>, findings: &SweepFindings, width: u16) -> Vec<Strip> {
    let Some(first) = findings.caps.first() else {
        return Vec::new();
    };
    let mut lines = vec![titles(view, &first.wall, width)];
    lines.extend(
        findings
            .caps
            .iter()
            .map(|it| row(view, findings, it, width)),
    );
    let fg = view.style(Role::Fg);
    let mut say = |text: &str, style| {
        lines.push(view.strip(width));
        lines.extend(wrapped(view, text, width, style));
    };
    say(&findings.recommendation(), view.style(Role::Title));
    if let Some(curve) = &findings.curve {
        say(&curve.law(), view.style(Role::Series2));
        if let Some(misfit) = curve.misfit() {
            say(&misfit, view.style(Role::ToastWarn));
        }
    }
    for doubt in findings.doubts() {
        say(&doubt, view.style(Role::ToastWarn));
    }
    let seed = findings.request.seed;
    say(
        &format!("Blocks in random order, seed {seed}, after a warm-up."),
        fg.patch(view.style(Role::Muted)),
    );
    lines
}

fn titles(view: &View<'_>, wall: &Interval, width: u16) -> Strip {
    let muted = view.style(Role::Muted);
    let interval = Safe::new(&wall.name());
    let mut strip = view.strip(width);
    strip
        .cell("cap", CAP, Align::Right, muted)
        .skip(1)
        .cell("median", MEDIAN, Align::Right, muted)
        .skip(1)
        .cell(&interval, RANGE, Align::Left, muted);
    if has_all_columns(width) {
        strip
            .cell("over", OVER, Align::Right, muted)
            .cell("curve", CURVE, Align::Right, muted);
    }
    strip
}

fn has_all_columns(width: u16) -> bool {
    usize::from(width) >= CAP + MEDIAN + RANGE + OVER + CURVE + 13
}

fn row(view: &View<'_>, findings: &SweepFindings, it: &CapFigures, width: u16) -> Strip {
    let mark = findings.mark(it.cap);
    let fg = view.style(Role::Fg);
    let style = match mark {
        Some(Mark::WorthUsing) => view.style(Role::Accent).add_modifier(Modifier::BOLD),
        _ => fg,
    };
    let mut strip = view.strip(width);
    strip
        .cell(figure::cap(it.cap), CAP, Align::Right, style)
        .skip(1)
        .cell(Safe::new(&seconds(it.wall.at)), MEDIAN, Align::Right, style)
        .skip(1)
        .cell(Safe::new(&seconds_range(&it.wall)), RANGE, Align::Left, fg);
    if has_all_columns(width) {
        let over = format!("+{}", percent((it.ratio - 1.0).max(0.0)));
        strip.cell(Safe::new(&over), OVER, Align::Right, fg);
        let lanes = f64::from(it.cap.get());
        let curve = findings.curve.as_ref();
        let fitted = curve.map_or("-".to_owned(), |curve| seconds(curve.usl.wall(lanes)));
        let role = view.style(Role::Series2);
        strip.cell(Safe::new(&fitted), CURVE, Align::Right, role);
    }
    if let Some(mark) = mark {
        strip.skip(1).put("< ", style).put(mark.words(), style);
    }
    strip
}

/// A comparison's figures, where the lane time went, and the results.
pub(in crate::tui) fn comparison(
    view: &View<'_>,
    plan: &Plan,
    findings: &compare::CompareFindings,
    width: u16,
) -> Vec<Strip> {
    let mut lines = Vec::new();
    let fg = view.style(Role::Fg);
    if let Some(highest) = findings.highest() {
        lines.push(view.strip(width));
        lines.extend(wrapped(view, &highest.what_binds(), width, fg));
        let mut title = view.strip(width);
        title
            .skip(1)
            .put("Where the time of the lanes went at cap ", fg)
            .put(figure::cap(highest.cap), fg)
            .put(":", fg);
        lines.push(title);
        for (part, name, text) in highest.parts() {
            lines.push(shared(view, part, name, text, width));
        }
    }
    for doubt in findings.doubts() {
        lines.extend(wrapped(view, &doubt, width, view.style(Role::ToastWarn)));
    }
    if findings.runs > 0 && findings.blocks > 0 {
        lines.push(view.strip(width));
        let style = if findings.hazards.is_empty() {
            fg
        } else {
            view.style(Role::ToastError)
        };
        for line in findings.results(plan) {
            lines.extend(wrapped(view, &line, width, style));
        }
    }
    lines
}

/// A part of the lane time, as a bar with its name.
fn shared(view: &View<'_>, part: f64, name: &'static str, text: &'static str, width: u16) -> Strip {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let role = match name {
        "work" => Role::Done,
        "contention" => Role::Failed,
        _ => Role::Queued,
    };
    let filled = ((part * METER as f64).round() as usize).min(METER);
    let mut strip = view.strip(width);
    strip
        .skip(1)
        .cell(Safe::new(&percent(part)), 6, Align::Right, fg)
        .skip(1);
    for cell in 0..METER {
        let (sign, style) = if cell < filled {
            (view.glyphs.thumb(), view.style(role))
        } else {
            (view.glyphs.dot(), view.style(Role::MeterTrack))
        };
        strip.put(sign, style);
    }
    strip
        .skip(1)
        .cell(name, 13, Align::Left, fg)
        .put(text, muted);
    strip
}

/// A sentence, wrapped; what is indented stays so.
pub(in crate::tui) fn wrapped(view: &View<'_>, text: &str, width: u16, style: Style) -> Vec<Strip> {
    let indent = text.len() - text.trim_start().len();
    let room = usize::from(width).saturating_sub(indent + 2).max(10);
    let text = view.glyphs.spelled(text.trim_start());
    let lines = words::wrap(&text, room);
    let lines = lines.into_iter().map(|line| {
        let mut strip = view.strip(width);
        strip.skip(1 + indent).put(line, style);
        strip
    });
    lines.collect()
}
