//! A comparison for a person.

use std::io::{self, Write};

use crate::lab::compare::{CompareFindings, Timing};
use crate::lab::{ExperimentError, percent, seconds, seconds_range};
use crate::model::{Plan, plural};
use crate::output::Safe;

/// Prints what is known.
pub(super) fn print(
    plan: &Plan,
    findings: &CompareFindings,
    mut out: impl Write,
) -> io::Result<()> {
    print_head(plan, findings, &mut out)?;
    print_table(&findings.timings, &mut out)?;
    if let Some(fastest) = findings.highest() {
        print_shares(fastest, &mut out)?;
        writeln!(out, "\n{}", Safe::new(&fastest.what_binds()).as_str())?;
    }
    for doubt in findings.doubts() {
        writeln!(out, "{doubt}")?;
    }
    writeln!(out)?;
    for line in findings.results(plan) {
        writeln!(out, "{}", Safe::new(&line).as_str())?;
    }
    Ok(())
}

fn print_head(plan: &Plan, findings: &CompareFindings, out: &mut impl Write) -> io::Result<()> {
    let request = &findings.request;
    let caps: Vec<String> = request.caps.iter().map(ToString::to_string).collect();
    write!(
        out,
        "{}: {} at caps {}; ",
        Safe::new(&plan.name).as_str(),
        plural(plan.calls.len(), "call"),
        caps.join(", ")
    )?;
    let done = findings.blocks;
    match (&findings.error, done >= request.blocks) {
        (Some(error), false) => print_error(error, done, request.blocks, out),
        _ => writeln!(
            out,
            "{done} blocks in random order (seed {}) after a warm-up",
            request.seed
        ),
    }
}

fn print_error(
    error: &ExperimentError,
    done: usize,
    wanted: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let error = error.to_string();
    let error = Safe::new(&error);
    writeln!(out, "{} after {done} of {wanted} blocks", error.as_str())
}

fn print_table(timings: &[Timing], out: &mut impl Write) -> io::Result<()> {
    let Some(first) = timings.first() else {
        return writeln!(out, "No block is whole: nothing can be said of the times.");
    };
    let interval = first.wall.name();
    writeln!(
        out,
        "\n{:>5}  {:>8}  {:<18}  {:>8}  {:<14}  {:>8}  {:>10}  binds",
        "cap", "median", interval, "speed-up", interval, "at best", "of its time"
    )?;
    for timing in timings {
        let wall = &timing.wall;
        let binding = timing.binding.in_words();
        writeln!(
            out,
            "{:>5}  {:>8}  {:<18}  {:>8}  {:<14}  {:>8}  {:>10}  {}",
            timing.cap,
            seconds(wall.at),
            seconds_range(wall),
            format!("{:.2}", timing.speed_up.at),
            format!("{:.2} to {:.2}", timing.speed_up.low, timing.speed_up.high),
            seconds(timing.lower_bound.as_secs_f64()),
            timing.efficiency_text(),
            Safe::new(&binding).as_str(),
        )?;
    }
    Ok(())
}

fn print_shares(timing: &Timing, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\nWhere the time of the lanes went at cap {} ({} × {}):",
        timing.cap,
        timing.cap,
        seconds(timing.wall.at)
    )?;
    for (part, name, text) in timing.parts() {
        writeln!(out, "  {:>6}  {name}: {text}", percent(part))?;
    }
    Ok(())
}
