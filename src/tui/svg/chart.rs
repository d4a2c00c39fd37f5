//! Findings of experiments as SVG charts: a sweep as wall time over the cap,
//! a comparison as bars over time.

use super::load_chart::load_chart;
use super::sheet::{Anchor, BLACK, BLUE, GREEN, GREY, ORANGE, Sheet, broken};
use crate::lab::sweep::Mark;
use crate::lab::{Experiment, ExperimentFindings, compare, seconds, seconds_range, sweep};
use crate::model::{Outcome, Plan, plural};
use crate::output::Safe;
use crate::tui::text::rounding::{round_step, rounded};

const WIDTH: u32 = 760;
/// Left, right and upper end of what is drawn inside of the axes.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 730.0;
const TOP: f64 = 50.0;
/// Height of a sweep's plot.
const PLOT: f64 = 300.0;
/// Of a lane's row.
const ROW: f64 = 14.0;
/// Of a line of text, and letters that fit into one.
const LINE: f64 = 17.0;
const LETTERS: usize = 110;

/// An experiment's chart.
pub fn chart(experiment: &Experiment) -> String {
    let plan = &experiment.plan;
    match &experiment.findings {
        ExperimentFindings::Sweep(findings) => sweep_chart(plan, findings),
        ExperimentFindings::Comparison(findings) => comparison_chart(plan, findings),
        ExperimentFindings::Load(findings) => load_chart(findings),
    }
}

fn title(kind: &str, plan: &Plan) -> String {
    let name = Safe::new(&plan.name);
    let calls = plural(plan.calls.len(), "call");
    format!("{kind} of {}, {calls}", name.as_str())
}

/// Places of caps and times in a sweep's plot.
struct Places {
    lowest: f64,
    highest: f64,
    most: f64,
}

impl Places {
    fn x(&self, lanes: f64) -> f64 {
        let span = (self.highest - self.lowest).max(1.0);
        LEFT + 20.0 + (lanes.log2() - self.lowest) / span * (RIGHT - LEFT - 40.0)
    }

    fn y(&self, seconds: f64) -> f64 {
        TOP + PLOT * (1.0 - seconds / self.most)
    }
}

/// A sweep's medians with their intervals, every run, the law and what is
/// recommended.
pub fn sweep_chart(plan: &Plan, findings: &sweep::SweepFindings) -> String {
    let mut words = Vec::new();
    if !findings.caps.is_empty() {
        words.push(findings.recommendation());
    }
    if let Some(curve) = &findings.curve {
        words.push(curve.law());
        words.extend(curve.misfit());
    }
    words.extend(findings.doubts());
    let words: Vec<String> = words
        .iter()
        .flat_map(|text| broken(text, LETTERS))
        .collect();
    let height = TOP + PLOT + 60.0 + LINE * words.len() as f64;
    let title = title("Sweep", plan);
    let mut sheet = Sheet::new(WIDTH, height.ceil() as u32, &title);
    sheet.text((LEFT, 25.0), Anchor::Start, BLACK, &title);
    let walls = findings.runs.iter().map(|run| run.seconds);
    let log = |cap: Option<&crate::model::Cap>| cap.map_or(0.0, |cap| f64::from(cap.get()).log2());
    let places = Places {
        lowest: log(findings.request.caps.first()),
        highest: log(findings.request.caps.last()),
        most: walls.fold(f64::MIN_POSITIVE, f64::max) * 1.05,
    };
    draw_axes(&mut sheet, findings, &places);
    draw_runs(&mut sheet, findings, &places);
    for (line, y) in words.iter().zip(0_u32..) {
        let y = TOP + PLOT + 60.0 + LINE * f64::from(y);
        sheet.text((LEFT - 50.0, y), Anchor::Start, BLACK, line);
    }
    sheet.finish()
}

fn draw_axes(sheet: &mut Sheet, findings: &sweep::SweepFindings, places: &Places) {
    let floor = TOP + PLOT;
    let step = round_step(places.most / 6.0);
    for number in 0..=8 {
        let time = f64::from(number) * step;
        if time <= places.most {
            let y = places.y(time);
            sheet.line((LEFT, y), (RIGHT, y), "#e6e6e6", 1.0);
            let text = rounded(time, step);
            sheet.text((LEFT - 8.0, y + 4.0), Anchor::End, GREY, &text);
        }
    }
    sheet.line((LEFT, TOP), (LEFT, floor), GREY, 1.0);
    sheet.line((LEFT, floor), (RIGHT, floor), GREY, 1.0);
    for cap in &findings.request.caps {
        let x = places.x(f64::from(cap.get()));
        let fill = match findings.mark(*cap) {
            Some(Mark::WorthUsing) => GREEN,
            _ => GREY,
        };
        sheet.text((x, floor + 18.0), Anchor::Middle, fill, &cap.to_string());
    }
    sheet.text((LEFT - 8.0, floor + 18.0), Anchor::End, GREY, "cap");
}

fn draw_runs(sheet: &mut Sheet, findings: &sweep::SweepFindings, places: &Places) {
    for run in &findings.runs {
        let x = places.x(f64::from(run.cap.get()));
        sheet.dot((x + 5.0, places.y(run.seconds)), 1.5, "#b0b0b0");
    }
    if let Some(curve) = &findings.curve {
        let span = places.highest - places.lowest;
        let lanes = (0..=100).map(|at| (places.lowest + span * f64::from(at) / 100.0).exp2());
        let points: Vec<(f64, f64)> = lanes
            .map(|lanes| (lanes, curve.usl.wall(lanes)))
            .filter(|(_, wall)| *wall <= places.most)
            .map(|(lanes, wall)| (places.x(lanes), places.y(wall)))
            .collect();
        sheet.curve(&points, ORANGE);
    }
    for it in &findings.caps {
        let x = places.x(f64::from(it.cap.get()));
        let (low, high) = (places.y(it.wall.low), places.y(it.wall.high));
        sheet.line((x, low), (x, high), BLUE, 1.5);
        for y in [low, high] {
            sheet.line((x - 4.0, y), (x + 4.0, y), BLUE, 1.5);
        }
        let at = places.y(it.wall.at);
        match findings.mark(it.cap) {
            Some(mark @ Mark::WorthUsing) => {
                sheet.dot((x, at), 5.0, GREEN);
                sheet.text((x, at - 12.0), Anchor::Middle, GREEN, mark.words());
            }
            _ => sheet.dot((x, at), 3.0, BLUE),
        }
    }
}

/// The typical run of each cap as bars at one scale, and what was found.
pub fn comparison_chart(plan: &Plan, findings: &compare::CompareFindings) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(findings.highest().map(compare::Timing::what_binds));
    words.extend(findings.doubts());
    words.extend(findings.results(plan));
    let words: Vec<String> = words
        .iter()
        .flat_map(|text| broken(text, LETTERS))
        .collect();
    let rows: f64 = findings
        .typical
        .iter()
        .map(|run| 30.0 + ROW * f64::from(lanes(run)))
        .sum();
    let height = TOP + rows + 50.0 + LINE * words.len() as f64;
    let title = title("Comparison", plan);
    let mut sheet = Sheet::new(WIDTH, height.ceil() as u32, &title);
    sheet.text((LEFT, 25.0), Anchor::Start, BLACK, &title);
    let walls = findings.typical.iter().map(|run| run.wall.as_secs_f64());
    let longest = walls.fold(f64::MIN_POSITIVE, f64::max);
    let mut y = TOP;
    for (run, timing) in findings.typical.iter().zip(&findings.timings) {
        draw_run(&mut sheet, run, timing, longest, y);
        y += 30.0 + ROW * f64::from(lanes(run));
    }
    let step = round_step(longest / 8.0);
    for number in 0..=10 {
        let time = f64::from(number) * step;
        if time <= longest {
            let x = LEFT + time / longest * (RIGHT - LEFT);
            sheet.line((x, y), (x, y + 5.0), GREY, 1.0);
            sheet.text((x, y + 18.0), Anchor::Middle, GREY, &rounded(time, step));
        }
    }
    for (line, number) in words.iter().zip(0_u32..) {
        let y = y + 45.0 + LINE * f64::from(number);
        sheet.text((LEFT - 50.0, y), Anchor::Start, BLACK, line);
    }
    sheet.finish()
}

/// Lanes that a run used.
fn lanes(run: &compare::Typical) -> u32 {
    run.spans
        .iter()
        .map(|span| span.lane.0 + 1)
        .max()
        .unwrap_or(1)
}

fn draw_run(
    sheet: &mut Sheet,
    run: &compare::Typical,
    timing: &compare::Timing,
    longest: f64,
    top: f64,
) {
    let figures = format!(
        "cap {}: {} ({} {}), speed-up {:.2}; the best possible is {} of its time, bound by {}",
        run.cap,
        seconds(timing.wall.at),
        timing.wall.name_in_text(),
        seconds_range(&timing.wall),
        timing.speed_up.at,
        timing.efficiency_text(),
        Safe::new(&timing.binding.in_words()).as_str()
    );
    sheet.text((LEFT, top + 10.0), Anchor::Start, BLACK, &figures);
    let x = |time: std::time::Duration| LEFT + time.as_secs_f64() / longest * (RIGHT - LEFT);
    for span in &run.spans {
        let y = top + 16.0 + ROW * f64::from(span.lane.0);
        let fill = match span.outcome {
            Some(outcome) if outcome.is_success() => BLUE,
            Some(Outcome::Failed) | None => ORANGE,
            Some(_) => GREY,
        };
        let (from, to) = (x(span.from), x(span.to));
        sheet.rect((from, y), ((to - from - 1.0).max(0.5), ROW - 3.0), fill);
    }
}
