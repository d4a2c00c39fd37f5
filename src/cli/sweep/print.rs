//! A sweep for a person.

use std::io::{self, Write};

use super::is_exhausted;
use crate::cli::compare::seconds;
use crate::lab::Interval;
use crate::lab::sweep::{CapFigures, Curve, Sweep, Verdict};
use crate::model::{Cap, Plan};
use crate::output::Safe;

/// Cells of the longest bar.
const BAR: f64 = 24.0;

/// Prints what is known.
pub(super) fn print(plan: &Plan, swept: &Sweep, mut out: impl Write) -> io::Result<()> {
    let figures = swept.figures();
    writeln!(
        out,
        "{}: {} calls, {} blocks in random order (seed {}) after a warm-up",
        Safe::new(&plan.name).as_str(),
        plan.calls.len(),
        swept.blocks(),
        swept.request.seed
    )?;
    if figures.is_empty() {
        return writeln!(out, "No block is whole: nothing can be said.");
    }
    let curve = swept.curve();
    let verdict = swept.verdict();
    print_table(&figures, curve.as_ref(), &verdict, &mut out)?;
    writeln!(out, "\n{}", recommendation(swept, &figures, &verdict))?;
    if let Some(curve) = &curve {
        print_curve(curve, &mut out)?;
    }
    print_doubts(swept, &mut out)
}

fn print_table(
    figures: &[CapFigures],
    curve: Option<&Curve>,
    verdict: &Verdict,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(
        out,
        "\n{:>5}  {:>8}  {:<18}  {:<18}  {:>9}  {:>7}",
        "cap", "median", "95 %", "least to most", "over best", "curve"
    )?;
    let longest = figures.iter().map(|it| it.wall.at).fold(0.0, f64::max);
    for it in figures {
        let lanes = f64::from(it.cap.get());
        let curve = curve.map_or("-".to_owned(), |curve| seconds(curve.usl.wall(lanes)));
        let mark = match verdict {
            Verdict { cap: Some(cap), .. } if *cap == it.cap => " < worth using",
            Verdict { ties, .. } if ties.contains(&it.cap) => " tie",
            _ => "",
        };
        let cells = (it.wall.at / longest.max(f64::MIN_POSITIVE) * BAR).round() as usize;
        writeln!(
            out,
            "{:>5}  {:>8}  {:<18}  {:<18}  {:>9}  {curve:>7}  {}{mark}",
            it.cap,
            seconds(it.wall.at),
            format!("{} to {}", seconds(it.wall.low), seconds(it.wall.high)),
            format!("{} to {}", seconds(it.extremes.0), seconds(it.extremes.1)),
            format!("+{:.0} %", (it.ratio - 1.0).max(0.0) * 100.0),
            "█".repeat(cells.max(1))
        )?;
    }
    Ok(())
}

fn recommendation(swept: &Sweep, figures: &[CapFigures], verdict: &Verdict) -> String {
    let blocks = swept.blocks();
    let own = figures.iter().find(|it| Some(it.cap) == verdict.cap);
    let Some(own) = own else {
        let more = if is_exhausted(swept) {
            "the machine scatters too much"
        } else {
            "run more blocks"
        };
        return format!("Inconclusive after {blocks} blocks: {more}.");
    };
    let ties = match &verdict.ties[..] {
        [] => String::new(),
        [one] => format!(" {one} ties with it."),
        ties => format!(" {} tie with it.", listed(ties)),
    };
    let slower = figures
        .iter()
        .find(|it| it.cap > own.cap && !verdict.ties.contains(&it.cap) && it.wall.at > own.wall.at);
    let slower = slower.map(|it| {
        let part = (it.wall.at / own.wall.at - 1.0) * 100.0;
        format!(" {} is {part:.0} % slower.", it.cap)
    });
    format!(
        "cap {}: {} (95 % {} to {}), within 5 % of the best with {:.0} %.{ties}{} {blocks} blocks, this machine, this plan.",
        own.cap,
        seconds(own.wall.at),
        seconds(own.wall.low),
        seconds(own.wall.high),
        own.within * 100.0,
        slower.unwrap_or_default()
    )
}

fn listed(caps: &[Cap]) -> String {
    let caps: Vec<String> = caps.iter().map(ToString::to_string).collect();
    match caps.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => caps.concat(),
    }
}

fn print_curve(curve: &Curve, out: &mut impl Write) -> io::Result<()> {
    let number = |it: &Interval| format!("{:.4} ({:.4} to {:.4})", it.at, it.low, it.high);
    let lanes = |at: f64| {
        if at.is_finite() {
            format!("{at:.1}")
        } else {
            "never".to_owned()
        }
    };
    let peak = curve.peak.map_or("none".to_owned(), |it| {
        format!("{} ({} to {})", lanes(it.at), lanes(it.low), lanes(it.high))
    });
    writeln!(
        out,
        "Universal Scalability Law: contention α {}, coherency β {}, peak N* {peak}.",
        number(&curve.alpha),
        number(&curve.beta)
    )?;
    if !curve.fits() {
        writeln!(
            out,
            "The curve does not fit: it is off by up to {:.0} %, the runs scatter by {:.1} %.",
            curve.residual * 100.0,
            curve.noise * 100.0
        )?;
    }
    Ok(())
}

fn print_doubts(swept: &Sweep, out: &mut impl Write) -> io::Result<()> {
    if !swept.left_out().is_empty() {
        writeln!(
            out,
            "Left out, since two caps before were more than 10 % worse: {}.",
            listed(swept.left_out())
        )?;
    }
    if let Some(drift) = swept.drift() {
        let way = if drift > 0.0 { "slower" } else { "faster" };
        writeln!(
            out,
            "Drift: runs got {:.0} % {way} from the first block to the last.",
            drift.abs() * 100.0
        )?;
    }
    if !swept.set_aside.is_empty() {
        writeln!(
            out,
            "{} blocks were set aside and run again: other programs used the machine.",
            swept.set_aside.len()
        )?;
    }
    if swept.disturbed() > 0 {
        writeln!(
            out,
            "In {} of the blocks other programs used the machine: the times are doubtful.",
            swept.disturbed()
        )?;
    }
    Ok(())
}
