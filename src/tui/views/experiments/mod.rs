//! Results of an experiment: the latest, or an earlier one.
//!
//! ```text
//! ┌ Experiments ─ sweep of trip research ────────── block 3/5, ~12 s left ┐
//! │ 16 s┤│                                cap  median   95 %              │
//! │     ┤ ┼·                                1  16.0 s   15.9 s to 16.1 s  │
//! │  8 s┤   ·┼                              2  8.05 s   8.02 s to 8.10 s  │
//! │     ┤      ··┼···┼                      …                             │
//! │     └─1──2───4───8                    cap 8: 2.02 s (95 % …           │
//! └───────────────────────────────────────────────────────────────────────┘
//! ```
//! A comparison has the runs as bars instead of the curve, see
//! [`crate::tui::views::experiments::bars`].

pub(in crate::tui) mod bars;
pub(in crate::tui) mod load;
pub(in crate::tui) mod load_chart;
pub(in crate::tui) mod load_curve;
pub(in crate::tui) mod plot;
pub(in crate::tui) mod summary;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::lab::{
    Experiment, ExperimentError, ExperimentFindings, ExperimentProgress, ExperimentState,
    RunPurpose,
};
use crate::model::CapChange;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::Pane;
use crate::tui::text::{Cut, Piece, Strip, figure};
use crate::tui::views::{View, chrome};

/// From so many columns of the pane on the curve stands beside the table.
const BESIDE_FROM: u16 = 70;
/// Columns of the table with every column.
const TABLE: u16 = 64;
/// Columns that it has at least beside a curve.
const LEAST_TABLE: u16 = 47;
/// From so many rows on the curve stands above the table where it has no room
/// beside it.
const ABOVE_FROM: u16 = 18;

/// From so many rows on the load of a run under way stays in sight, in at most
/// so many.
const LOAD_FROM: u16 = 18;
const LOAD: u16 = 10;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Experiment).is_empty() {
        return;
    }
    let shown = view.state.experiments.shown().map(Arc::as_ref);
    let mut left = chrome::title(view, Pane::Experiment, "Experiments");
    let right = shown.map_or_else(|| view.strip(0), |it| stage(view, it));
    if let Some(experiment) = shown {
        let room = left.room().saturating_sub(right.used() + 1);
        left.append(&named(view, experiment, room));
    }
    let inner = chrome::frame(view, Pane::Experiment, &left, &right, buf);
    let parts = Parts::of(shown, inner);
    if let Some(ExperimentFindings::Sweep(findings)) = shown.map(|it| &it.findings) {
        plot::render(view, findings, parts.plot, buf);
    }
    let lines = lines(view, shown, &parts);
    let scroll = &view.state.experiments.scroll;
    let first = scroll.settle(lines.len(), usize::from(parts.lines.height));
    draw(lines.iter().skip(first), parts.lines, buf);
    if !parts.load.is_empty() {
        draw(
            machine_load(view, parts.load.as_size()).iter(),
            parts.load,
            buf,
        );
    }
}

fn draw<'a>(lines: impl Iterator<Item = &'a Strip>, area: Rect, buf: &mut Buffer) {
    for (line, y) in lines.zip(area.y..area.bottom()) {
        line.draw((area.x, y), buf);
    }
}

/// Where the curve is, where what is written, and where the load of the run
/// under way stays in sight; elsewhere it stands below what is written.
struct Parts {
    plot: Rect,
    lines: Rect,
    load: Rect,
}

impl Parts {
    fn of(experiment: Option<&Experiment>, area: Rect) -> Self {
        let finding = experiment.map(|it| &it.findings);
        let is_curve = matches!(finding, Some(ExperimentFindings::Sweep(_)));
        let is_live = experiment.is_some_and(Experiment::is_under_way);
        let below = match area.height {
            height if is_live && height >= LOAD_FROM && !experiment.is_some_and(is_load) => {
                (height / 3).min(LOAD)
            }
            _ => 0,
        };
        let inner = Rect {
            height: area.height - below,
            ..area
        };
        let mut parts = Self {
            plot: Rect::ZERO,
            lines: inner,
            load: Rect::new(area.x, inner.bottom(), area.width, below),
        };
        if is_curve && inner.width >= BESIDE_FROM {
            let table = TABLE.min(inner.width * 11 / 20).max(LEAST_TABLE);
            let plot = inner.width - table;
            parts.plot = Rect::new(inner.x, inner.y, plot - 1, inner.height);
            parts.lines = Rect::new(inner.x + plot, inner.y, table, inner.height);
        } else if is_curve && inner.height >= ABOVE_FROM {
            let plot = inner.height * 2 / 5;
            parts.plot = Rect::new(inner.x, inner.y, inner.width, plot);
            let rest = inner.height - plot;
            parts.lines = Rect::new(inner.x, inner.y + plot, inner.width, rest);
        }
        parts
    }
}

/// Whether an experiment is a load, which has pictures of its own.
fn is_load(experiment: &Experiment) -> bool {
    matches!(experiment.findings, ExperimentFindings::Load(_))
}

fn lines(view: &View<'_>, experiment: Option<&Experiment>, parts: &Parts) -> Vec<Strip> {
    let Rect { width, height, .. } = parts.lines;
    let mut lines = experiment.map_or_else(|| empty(view, width), |it| found(view, it, width));
    let is_load = experiment.is_some_and(is_load);
    if parts.load.is_empty() && view.state.experiments.is_latest_shown() && !is_load {
        let left = height.saturating_sub(lines.len() as u16 + 1);
        lines.push(view.strip(width));
        lines.extend(machine_load(view, Size::new(width, left)));
    }
    lines
}

/// The load of the experiment's run; without an experiment, of the dashboard's.
fn machine_load(view: &View<'_>, size: Size) -> Vec<Strip> {
    let experiments = &view.state.experiments;
    let (whose, load_samples) = match &experiments.load {
        Some(load) if view.state.is_experimenting() => ("the run under way", load),
        Some(load) => ("the last run", load),
        None => ("this run", &view.state.run.load_samples),
    };
    let changes = view.state.run.cap_changes.iter().flatten().cloned();
    let changes: Vec<CapChange> = match &experiments.load {
        // Each run of an experiment keeps its cap.
        Some(_) => Vec::new(),
        None => changes.collect(),
    };
    load_chart::lines(view, whose.into(), load_samples, &changes, size)
}

fn found(view: &View<'_>, experiment: &Experiment, width: u16) -> Vec<Strip> {
    let mut lines = match &experiment.findings {
        ExperimentFindings::Sweep(findings) => summary::sweep(view, findings, width),
        ExperimentFindings::Load(findings) => load::lines(view, findings, width),
        ExperimentFindings::Comparison(findings) => {
            let plan = &experiment.plan;
            let mut lines = bars::bars(view, plan, findings, width);
            lines.extend(summary::comparison(view, plan, findings, width));
            lines
        }
    };
    if lines.is_empty() {
        let mut line = view.strip(width);
        let text = if experiment.is_under_way() {
            "Results appear after the first complete block."
        } else {
            "No block is complete: there is no result."
        };
        line.skip(1).put(text, view.style(Role::Muted));
        lines.push(line);
    }
    let error = experiment.findings.error();
    if let Some(error) = error.filter(|error| **error != ExperimentError::Stopped) {
        let style = view.style(Role::ToastError);
        let more = summary::wrapped(view, &error.to_string(), width, style);
        lines.splice(0..0, more);
    }
    lines
}

/// Which experiment it is, and with what, in so many cells.
fn named(view: &View<'_>, experiment: &Experiment, room: usize) -> Strip {
    let mut title = view.strip(room as u16);
    let muted = view.style(Role::Muted);
    let kind = match experiment.findings {
        ExperimentFindings::Comparison(_) => "comparison of ",
        ExperimentFindings::Sweep(_) => "sweep of ",
        ExperimentFindings::Load(_) => "load of ",
    };
    let name = Safe::new(&experiment.plan.name);
    title
        .put(view.glyphs.dot(), muted)
        .put(" ", muted)
        .put(kind, muted)
        .put_cut(&name, 30, Cut::End, view.style(Role::Fg))
        .put(", ", muted)
        .put(figure::plural(experiment.plan.calls.len(), "call"), muted)
        .skip(1);
    title
}

/// How far it is.
pub(in crate::tui) fn stage(view: &View<'_>, experiment: &Experiment) -> Strip {
    let mut strip = view.strip(60);
    let style = view.style(Role::Muted);
    strip.skip(1);
    if let Some((number, of)) = view.state.experiments.place() {
        strip
            .put("result ", style)
            .put(figure::part(number as u64, of as u64), style)
            .put(", ", style);
    }
    match (&experiment.state, experiment.findings.error()) {
        (ExperimentState::UnderWay(progress), _) => {
            let style = view.style(Role::Running);
            strip.put(view.glyphs.running(), style).skip(1);
            match progress {
                Some(progress) => under_way(view, progress, &mut strip),
                None => match &experiment.findings {
                    ExperimentFindings::Load(it) if it.live.is_some() => {
                        strip.put("under load, + and - change the cap", style);
                    }
                    _ => drop(strip.put("begins", style)),
                },
            }
        }
        (ExperimentState::Over, None) => {
            let (done, _) = experiment.findings.blocks();
            let unit = if is_load(experiment) { "step" } else { "block" };
            strip.put(figure::plural(done, unit), style);
        }
        (ExperimentState::Over, Some(error)) => {
            let (done, of) = experiment.findings.blocks();
            let word = match error {
                ExperimentError::Stopped => "stopped after ",
                ExperimentError::RunFailed { .. } | ExperimentError::CallFailed { .. } => {
                    "failed after "
                }
            };
            strip.put(word, view.style(Role::ToastWarn));
            if is_load(experiment) {
                strip.put(figure::plural(done, "step"), style);
            } else {
                strip
                    .put(figure::part(done as u64, of as u64), style)
                    .put(" blocks", style);
            }
        }
    }
    strip.skip(1);
    strip
}

fn under_way(view: &View<'_>, progress: &ExperimentProgress, strip: &mut Strip) {
    let style = view.style(Role::Running);
    let muted = view.style(Role::Muted);
    match progress.step {
        RunPurpose::WarmUp => drop(strip.put("warm-up", style)),
        RunPurpose::Block { number, of } => {
            let part = figure::part(number as u64, of as u64);
            strip.put(Piece::from("block ").then(part), style);
        }
        RunPurpose::Confirming => drop(strip.put("confirming", style)),
        RunPurpose::Reducing => drop(strip.put("looking for the calls", style)),
        RunPurpose::Trying => drop(strip.put("trying a lock", style)),
    }
    strip
        .put(", cap ", muted)
        .put(figure::cap(progress.cap), muted);
    if let Some(left) = progress.left {
        let since = view.state.now.saturating_sub(view.state.experiments.at);
        let left = left.saturating_sub(since).as_secs().max(1);
        strip
            .put(", ~", muted)
            .put(figure::count(left as usize), muted)
            .put(" s left", muted);
    }
}

/// Returns the text of the empty screen: its purpose and its keys.
fn empty(view: &View<'_>, width: u16) -> Vec<Strip> {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let mut lines = Vec::new();
    let mut say = |text: &'static str| {
        let mut strip = view.strip(width);
        strip.skip(1).put(text, muted);
        lines.push(strip);
    };
    say("How long does it take at other caps?");
    for (action, text) in [
        (Action::Compare, "  one at a time against this cap"),
        (Action::Sweep, "  which cap is worth using"),
    ] {
        let mut strip = view.strip(width);
        let key = view.state.keymap.key(action).unwrap_or_default();
        strip
            .skip(1)
            .put(Safe::new(&key), view.style(Role::KeyHint))
            .put(text, fg);
        lines.push(strip);
    }
    if let Some(reason) = crate::tui::state::refusal::of_experiment(view.state) {
        let mut strip = view.strip(width);
        strip
            .skip(1)
            .put("Not now: ", muted)
            .put(reason, muted)
            .put(".", muted);
        lines.push(strip);
    }
    lines
}
