//! A sweep for a person.

use std::io::{self, Write};

use crate::lab::sweep::Findings;
use crate::lab::{seconds, seconds_range};
use crate::model::Plan;
use crate::output::Safe;

/// Cells of the longest bar.
const BAR: f64 = 24.0;

/// Prints what is known.
pub(super) fn print(plan: &Plan, findings: &Findings, mut out: impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{}: {} calls, {} blocks in random order (seed {}) after a warm-up",
        Safe::new(&plan.name).as_str(),
        plan.calls.len(),
        findings.blocks,
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

fn print_table(findings: &Findings, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{:>5}  {:>8}  {:<18}  {:<18}  {:>9}  {:>7}",
        "cap", "median", "95 %", "least to most", "over best", "curve"
    )?;
    let medians = findings.caps.iter().map(|it| it.wall.at);
    let longest = medians.fold(0.0, f64::max);
    for it in &findings.caps {
        let lanes = f64::from(it.cap.get());
        let curve = findings.curve.as_ref();
        let curve = curve.map_or("-".to_owned(), |curve| seconds(curve.usl.wall(lanes)));
        let mark = findings
            .mark(it.cap)
            .map_or(String::new(), |mark| format!(" < {}", mark.words()));
        let cells = (it.wall.at / longest.max(f64::MIN_POSITIVE) * BAR).round() as usize;
        writeln!(
            out,
            "{:>5}  {:>8}  {:<18}  {:<18}  {:>9}  {curve:>7}  {}{mark}",
            it.cap,
            seconds(it.wall.at),
            seconds_range(&it.wall),
            format!("{} to {}", seconds(it.extremes.0), seconds(it.extremes.1)),
            format!("+{:.0} %", (it.ratio - 1.0).max(0.0) * 100.0),
            "█".repeat(cells.max(1))
        )?;
    }
    Ok(())
}
