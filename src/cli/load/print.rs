//! A load for a person.

use std::io::{self, Write};

use crate::cli::exit::{self, Exit};
use crate::lab::load::{
    ErrorCount, LoadFindings, LoadLevel, LoadRequest, Metric, StepFigures, milliseconds,
    three_digits,
};
use crate::model::plural;
use crate::output::Safe;

/// Letters of an error's first message.
const LETTERS: usize = 100;

/// Prints what is measured, and the titles of the table.
pub(super) fn print_titles(request: &LoadRequest, mut out: impl Write) -> io::Result<()> {
    let calls = request.calls.map(|calls| plural(calls as usize, "call"));
    let time = request.time.map(|time| format!("{} s", time.as_secs_f64()));
    let limits: Vec<String> = calls.into_iter().chain(time).collect();
    writeln!(
        out,
        "{}: {} at each step{}",
        Safe::new(&request.name).as_str(),
        limits.join(" or "),
        if request.ignores_limits {
            "; limits and locks of the catalogue are LIFTED"
        } else {
            ""
        }
    )?;
    let level = match request.levels.first() {
        Some(LoadLevel::Rate(_)) => "rate",
        _ => "cap",
    };
    writeln!(
        out,
        "\n{level:>8}  {:>7}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>7}  {:>11}  {:>5}  {:>9}",
        "calls",
        "calls/s",
        "p50",
        "p90",
        "p95",
        "p99",
        "max",
        "errors",
        "in flight",
        "cores",
        "memory"
    )
}

/// Prints a step.
pub(super) fn print_step(step: &StepFigures, mut out: impl Write) -> io::Result<()> {
    let times = [
        step.latency.p50,
        step.latency.p90,
        step.latency.p95,
        step.latency.p99,
        step.latency.max,
    ];
    let times = times.map(|time| format!("{:>8}", milliseconds(time)));
    let unknown = || "–".to_owned();
    let memory = step.memory_bytes.map(|it| Metric::Memory.value(it as f64));
    let cores = step.cpu_cores.map(|it| format!("{it:.2}"));
    let flight = format!("{:.1} to {}", step.in_flight_mean, step.in_flight_most);
    writeln!(
        out,
        "{:>8}  {:>7}  {:>8}  {}  {:>7}  {flight:>11}  {:>5}  {:>9}",
        step.level.to_string(),
        step.calls,
        three_digits(step.throughput()),
        times.join("  "),
        step.error_count(),
        cores.unwrap_or_else(unknown),
        memory.unwrap_or_else(unknown),
    )?;
    for remark in remarks(step) {
        writeln!(out, "{:>8}  {remark}", "")?;
    }
    Ok(())
}

/// Remarks on a step beside its figures.
fn remarks(step: &StepFigures) -> Vec<String> {
    let service = format!(
        "service p50 {}, p95 {}, p99 {}",
        milliseconds(step.service.p50),
        milliseconds(step.service.p95),
        milliseconds(step.service.p99)
    );
    let mut remarks = vec![service];
    remarks.extend(step.waits_in_words());
    remarks.extend(step.not_offered());
    if step.unfinished > 0 {
        let calls = plural(step.unfinished as usize, "call");
        remarks.push(format!("{calls} stopped before the end, not counted"));
    }
    remarks.extend(step.errors.iter().map(error));
    let checks = step.checks.iter().map(crate::lab::load::Check::words);
    remarks.extend(checks);
    remarks
}

fn error(error: &ErrorCount) -> String {
    let first = Safe::new(&error.first);
    let text: String = first.as_str().chars().take(LETTERS).collect();
    let text = text.replace('\n', " ");
    format!("{} {}, first: {text}", error.count, error.kind)
}

/// Prints the result.
pub(super) fn print_result(findings: &LoadFindings, mut out: impl Write) -> io::Result<()> {
    writeln!(out)?;
    if let Some(sentence) = findings.sentence() {
        writeln!(out, "{sentence}")?;
    }
    for hazard in findings.hazards() {
        writeln!(out, "{}", Safe::new(&hazard).as_str())?;
    }
    if findings.request.compares && findings.differences.is_empty() && findings.error.is_none() {
        writeln!(
            out,
            "Outputs are those of one lane: no parallel hazard was seen."
        )?;
    }
    if findings.has_failed_fast {
        writeln!(
            out,
            "Ended by the first call that did not succeed (--fail-fast)."
        )?;
    }
    if let Some(cost) = findings.own_cost {
        writeln!(out, "fanout itself: {} a call", milliseconds(cost))?;
    }
    Ok(())
}

/// Prints it as a document on standard output.
pub(super) fn print_document(findings: &LoadFindings) -> Exit {
    exit::written(exit::print_json(&findings.document(), io::stdout().lock()))
}
