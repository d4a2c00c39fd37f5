//! A load as a chart: percentiles of the latency over its caps or rates.

use super::sheet::{Anchor, BLACK, BLUE, GREEN, GREY, ORANGE, Sheet, broken};
use crate::lab::load::{LoadFindings, Spread, StepFigures, three_digits};
use crate::output::Safe;
use crate::tui::text::rounding::{round_step, rounded};

const WIDTH: u32 = 760;
/// Left, right and upper end of what is drawn inside of the axes, and its height.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 50.0;
const PLOT: f64 = 300.0;
/// Height of a line of text, and letters that fit into one.
const LINE: f64 = 17.0;
const LETTERS: usize = 110;

/// A percentile, its name and its colour.
type Line = (&'static str, &'static str, fn(&Spread) -> f64);

const LINES: [Line; 3] = [
    ("p50", GREEN, |it| it.p50.as_secs_f64()),
    ("p95", BLUE, |it| it.p95.as_secs_f64()),
    ("p99", ORANGE, |it| it.p99.as_secs_f64()),
];

/// A load's chart.
pub fn load_chart(findings: &LoadFindings) -> String {
    let words = findings.sentence().into_iter().chain(findings.hazards());
    let words: Vec<String> = words.flat_map(|text| broken(&text, LETTERS)).collect();
    let height = TOP + PLOT + 80.0 + LINE * words.len() as f64;
    let title = format!("Load of {}", Safe::new(&findings.request.name).as_str());
    let mut sheet = Sheet::new(WIDTH, height.ceil() as u32, &title);
    sheet.text((LEFT, 25.0), Anchor::Start, BLACK, &title);
    let longest = findings.steps.iter().map(|step| LINES[2].2(&step.latency));
    let most = longest.fold(f64::MIN_POSITIVE, f64::max) * 1.05;
    draw_axes(&mut sheet, &findings.steps, most);
    for (name, colour, value) in LINES {
        draw_line(&mut sheet, &findings.steps, most, (name, colour, value));
    }
    for (line, number) in words.iter().zip(0_u32..) {
        let y = TOP + PLOT + 80.0 + LINE * f64::from(number);
        sheet.text((LEFT - 50.0, y), Anchor::Start, BLACK, line);
    }
    sheet.finish()
}

fn x(place: usize, of: usize) -> f64 {
    LEFT + 20.0 + (RIGHT - LEFT - 40.0) * place as f64 / of.saturating_sub(1).max(1) as f64
}

fn y(seconds: f64, most: f64) -> f64 {
    TOP + PLOT * (1.0 - seconds / most)
}

fn draw_axes(sheet: &mut Sheet, steps: &[StepFigures], most: f64) {
    let floor = TOP + PLOT;
    let step = round_step(most / 6.0);
    for number in 0..=8 {
        let time = f64::from(number) * step;
        if time <= most {
            sheet.line(
                (LEFT, y(time, most)),
                (RIGHT, y(time, most)),
                "#e6e6e6",
                1.0,
            );
            let text = rounded(time, step);
            sheet.text((LEFT - 8.0, y(time, most) + 4.0), Anchor::End, GREY, &text);
        }
    }
    sheet.line((LEFT, TOP), (LEFT, floor), GREY, 1.0);
    sheet.line((LEFT, floor), (RIGHT, floor), GREY, 1.0);
    for (place, step) in steps.iter().enumerate() {
        let x = x(place, steps.len());
        let rate = format!("{}/s", three_digits(step.throughput()));
        sheet.text(
            (x, floor + 18.0),
            Anchor::Middle,
            BLACK,
            &step.level.to_string(),
        );
        sheet.text((x, floor + 35.0), Anchor::Middle, GREY, &rate);
    }
}

fn draw_line(sheet: &mut Sheet, steps: &[StepFigures], most: f64, line: Line) {
    let (name, colour, value) = line;
    let points = steps.iter().enumerate().map(|(place, step)| {
        let seconds = value(&step.latency);
        (x(place, steps.len()), y(seconds, most))
    });
    let points: Vec<(f64, f64)> = points.collect();
    sheet.curve(&points, colour);
    for point in &points {
        sheet.dot(*point, 3.0, colour);
    }
    if let Some((x, y)) = points.last() {
        sheet.text((x + 8.0, y + 4.0), Anchor::Start, colour, name);
    }
}
