//! A sweep for a person.

use std::io::{self, Write};

use crate::lab::sweep::SweepFindings;
use crate::lab::{seconds, seconds_range};
use crate::model::{Cap, Plan, plural};
use crate::output::Safe;

/// Cells of the longest bar.
const BAR: f64 = 24.0;

/// Prints what is known.
pub(super) fn print(plan: &Plan, findings: &SweepFindings, mut out: impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{}: {}, {} in random order (seed {}) after a warm-up",
        Safe::new(&plan.name).as_str(),
        plural(plan.calls.len(), "call"),
        plural(findings.blocks, "block"),
        findings.request.seed
    )?;
    if findings.caps.is_empty() {
        return writeln!(out, "No block is whole: nothing can be said.");
    }
    print_table(findings, &mut out)?;
    writeln!(out, "\n{}", findings.recommendation())?;
    if let Some(curve) = &findings.curve {
        writeln!(out, "{}", curve.law())?;
        if let Some(misfit) = curve.misfit() {
            writeln!(out, "{misfit}")?;
        }
    }
    for doubt in findings.doubts() {
        writeln!(out, "{doubt}")?;
    }
    Ok(())
}

fn print_table(findings: &SweepFindings, out: &mut impl Write) -> io::Result<()> {
    let interval = findings.caps.first().map(|it| it.wall.name());
    writeln!(
        out,
        "\n{:>5}  {:>8}  {:<18}  {:<18}  {:>9}  {:>7}  █ median, ┊ curve",
        "cap",
        "median",
        interval.unwrap_or_default(),
        "least to most",
        "over best",
        "curve"
    )?;
    let law = |cap: Cap| {
        let curve = findings.curve.as_ref();
        curve.map(|curve| curve.usl.wall(f64::from(cap.get())))
    };
    let walls = findings.caps.iter().map(|it| it.wall.at);
    let fitted = findings.caps.iter().filter_map(|it| law(it.cap));
    let longest = walls.chain(fitted).fold(f64::MIN_POSITIVE, f64::max);
    for it in &findings.caps {
        let fitted = law(it.cap);
        let curve = fitted.map_or("-".to_owned(), seconds);
        let mark = findings
            .mark(it.cap)
            .map_or(String::new(), |mark| format!(" < {}", mark.words()));
        let bar = bar(it.wall.at / longest, fitted.map(|wall| wall / longest));
        writeln!(
            out,
            "{:>5}  {:>8}  {:<18}  {:<18}  {:>9}  {curve:>7}  {bar}{mark}",
            it.cap,
            seconds(it.wall.at),
            seconds_range(&it.wall),
            format!("{} to {}", seconds(it.extremes.0), seconds(it.extremes.1)),
            format!("+{:.0} %", (it.ratio - 1.0).max(0.0) * 100.0),
        )?;
    }
    Ok(())
}

/// A time as a bar, with a sign where the law has it; both as parts of the
/// longest time.
fn bar(measured: f64, fitted: Option<f64>) -> String {
    let cell = |part: f64| ((part * BAR).round() as usize).max(1);
    let (length, sign) = (cell(measured), fitted.map(cell));
    let cells = (1..=length.max(sign.unwrap_or(0))).map(|at| match at {
        at if Some(at) == sign => '┊',
        at if at <= length => '█',
        _ => ' ',
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_drawn_inside_of_the_bar_or_beyond_it() {
        assert_eq!(bar(0.25, None), "█".repeat(6));
        assert_eq!(bar(0.25, Some(0.125)), "██┊███");
        assert_eq!(bar(0.25, Some(0.375)), "██████  ┊");
        assert_eq!(bar(0.0, Some(0.0)), "┊");
    }
}
