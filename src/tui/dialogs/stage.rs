//! A comparison at full size, to be read from afar: how many times as fast in
//! large digits, one sentence, and both runs as bars over time.
//!
//! ```text
//!  parallel: 1 lane against 8 lanes
//!  ▀▀█   █▀█ ▀▄▀  times as fast
//!    █ ▀ █▄█ ▀ ▀  1 lane took 4.87 s, 8 lanes took 0.62 s: …
//!  1 lane: 4.87 s
//!      1 ✓fetch-1 ✓fetch-2 ✓fetch-3 ✓fetch-4 ✓fetch-5 ✓fetch-6 ✓fetch-7 …
//!  8 lanes: 0.62 s
//!      1 ✓fetch-1
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Modifier;

use super::{Answer, Dialog};
use crate::lab::compare::CompareFindings;
use crate::lab::{Experiment, ExperimentCommand, ExperimentFindings};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{State, UiCommand};
use crate::tui::text::{Align, Cut, Strip, args, digits};
use crate::tui::views::experiments::{bars, stage, summary};
use crate::tui::views::{View, chrome};

/// The comparison that is shown on the screen of experiments.
#[derive(Debug)]
pub(in crate::tui) struct Stage;

impl Dialog for Stage {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Experiments, Context::Global]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match action {
            Action::Back | Action::Quit | Action::ShowStage => Answer::Close,
            Action::ExportResults => {
                let shown = state.experiments.shown().map(std::sync::Arc::clone);
                commands.extend(shown.map(UiCommand::Export));
                Answer::Stay
            }
            Action::StopExperiment if state.is_experimenting() => {
                commands.push(UiCommand::Experiment(ExperimentCommand::Stop));
                Answer::Stay
            }
            _ => Answer::Stay,
        }
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        chrome::blank(view, screen, buf);
        let experiment = view.state.experiments.shown();
        let found = experiment.map(|it| (it, &it.findings));
        let Some((experiment, ExperimentFindings::Comparison(findings))) = found else {
            let lines = ["No comparison yet. Esc goes back; b begins one."];
            chrome::empty(view, screen, &lines, buf);
            return;
        };
        let size = screen.as_size();
        let lines = lines(view, experiment, findings, size);
        for (strip, y) in lines
            .iter()
            .zip(screen.y..screen.bottom().saturating_sub(1))
        {
            strip.draw((screen.x, y), buf);
        }
        let mut hint = view.strip(screen.width);
        let (key, muted) = (view.style(Role::KeyHint), view.style(Role::Muted));
        hint.skip(1)
            .put("Esc", key)
            .put(" back   ", muted)
            .put("Y", key)
            .put(" write it as SVG, JSON and CSV", muted);
        hint.draw((screen.x, screen.bottom().saturating_sub(1)), buf);
    }
}

fn lines(
    view: &View<'_>,
    experiment: &Experiment,
    findings: &CompareFindings,
    size: Size,
) -> Vec<Strip> {
    let width = size.width;
    let title = view.style(Role::Title).add_modifier(Modifier::BOLD);
    let mut first = view.strip(width);
    let name = Safe::new(&experiment.plan.name);
    first.skip(1).put_cut(&name, 40, Cut::End, title).skip(2);
    first.append(&stage(view, experiment));
    let mut lines = vec![first, view.strip(width)];
    let Some(times) = findings.most_speed_up() else {
        let mut strip = view.strip(width);
        let text = "The same calls run one at a time and in parallel. The result appears here.";
        strip.skip(1).put(text, view.style(Role::Muted));
        lines.push(strip);
        lines.extend(calls(view, experiment, width));
        return lines;
    };
    lines.extend(speed_up(view, times, width));
    let sentence = findings.sentence().unwrap_or_default();
    let fg = view.style(Role::Fg).add_modifier(Modifier::BOLD);
    lines.push(view.strip(width));
    lines.extend(summary::wrapped(view, &sentence, width, fg));
    lines.push(view.strip(width));
    let room = Size {
        width,
        height: size.height.saturating_sub(lines.len() as u16 + 1),
    };
    lines.extend(bars::two_runs(view, &experiment.plan, findings, room));
    lines
}

/// The calls that are run, while there is no result yet.
fn calls(view: &View<'_>, experiment: &Experiment, width: u16) -> Vec<Strip> {
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let plan = &experiment.plan.calls;
    let mut lines = vec![view.strip(width)];
    lines.extend(plan.iter().map(|call| {
        let mut strip = view.strip(width);
        strip
            .skip(2)
            .cell(Safe::new(call.name.as_str()), 24, Align::Left, fg)
            .skip(1)
            .cell(Safe::new(call.tool.as_str()), 20, Align::Left, muted)
            .skip(1)
            .put(
                args::line(&call.args, view.state.catalogue.get(&call.tool)),
                muted,
            );
        strip
    }));
    lines
}

/// How many times as fast, in digits of three rows.
fn speed_up(view: &View<'_>, times: f64, width: u16) -> Vec<Strip> {
    let style = view.style(Role::Accent).add_modifier(Modifier::BOLD);
    let figure = format!("{times:.1}x");
    let rows = digits::rows(&figure, view.glyphs);
    let rows = rows.into_iter().enumerate().map(|(index, row)| {
        let mut strip = view.strip(width);
        strip.skip(2).put(row, style);
        if index == 1 {
            strip.skip(2).put("as fast", style);
        }
        strip
    });
    rows.collect()
}
