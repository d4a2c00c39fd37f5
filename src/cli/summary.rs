//! The lines that sum a run up, when the dashboard has gone and at the end of
//! plain output.

use std::io::{self, Write};

use crate::app::Session;
use crate::lab::{OutcomeCount, RunSummary, busy_lanes};
use crate::model::{CallId, CallRow, Snapshot, plural};
use crate::output::Safe;
use crate::record::HistoryStore;

/// Calls that did not succeed, at most this many of them.
const MOST_CALLS: usize = 8;
/// Columns of the lanes over time.
const COLUMNS: usize = 48;
/// Columns of the longest bar.
const BAR: usize = 24;

/// Prints how a run went, in at most 24 lines; nothing for a run without calls.
/// Calls of agents are their own affair.
pub(super) fn print(
    session: &Session,
    history: Option<&HistoryStore>,
    last: &Snapshot,
    out: &mut dyn Write,
) -> io::Result<()> {
    let count = last.round_rows().count();
    if count == 0 {
        return Ok(());
    }
    let plan = Safe::new(&last.plan);
    let calls = plural(count, "call");
    let Some(summary) = session.summary(last, history) else {
        return writeln!(out, "{}: {calls}, and not all have ended", plan.as_str());
    };
    let outcomes: Vec<String> = summary.outcomes.iter().map(OutcomeCount::words).collect();
    writeln!(
        out,
        "{}: {calls} in {:.1} s: {}",
        plan.as_str(),
        summary.wall.as_secs_f64(),
        outcomes.join(", ")
    )?;
    writeln!(out, "  {}", summary.verdict)?;
    for measure in summary.measures() {
        writeln!(out, "  {measure}")?;
    }
    writeln!(out, "  {}", summary.machine.words())?;
    lanes(&summary, last, out)?;
    if let Some(wait) = summary.longest_wait {
        let (name, time) = (name(last, wait.call), wait.time.as_secs_f64());
        writeln!(
            out,
            "  longest wait: {name} {time:.1} s for {}",
            waited_for(wait.heading)
        )?;
    }
    slowest(&summary, last, out)?;
    tools(&summary, out)?;
    unsuccessful(&summary, last, out)
}

/// Returns the cause of a wait in words, by the heading of the report.
pub(super) fn waited_for(heading: &str) -> &str {
    match heading {
        "slot" => "a lane",
        "lock" => "a lock",
        "rate" => "the rate of its tool",
        "retry" => "another attempt",
        "memory" => "memory",
        "cpu" => "cores",
        "paused" => "the run to go on",
        other => other,
    }
}

/// The lanes that were busy, over time, with eighths of a column for a lane.
fn lanes(summary: &RunSummary, last: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let to = summary.origin + summary.wall;
    let busy = busy_lanes(last, summary.origin, to, COLUMNS);
    let most = f64::from(summary.lanes.get());
    let curve = busy.iter().map(|lanes| {
        let level = (lanes / most * 8.0).ceil().clamp(0.0, 8.0) as usize;
        EIGHTHS.get(level).copied().unwrap_or(' ')
    });
    let curve: String = curve.collect();
    let mean = busy.iter().sum::<f64>() / COLUMNS as f64;
    writeln!(
        out,
        "  lanes busy  {curve}  {mean:.1} of {} on average, {} at most",
        summary.lanes, summary.in_flight.most
    )
}

/// Bars of the slowest calls.
fn slowest(summary: &RunSummary, last: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let longest = summary
        .slowest
        .first()
        .map_or(0.0, |it| it.time.as_secs_f64());
    for (index, slow) in summary.slowest.iter().enumerate() {
        let time = slow.time.as_secs_f64();
        let cells = (time / longest.max(f64::MIN_POSITIVE) * BAR as f64).ceil() as usize;
        let heading = if index == 0 { "slowest" } else { "" };
        let bar = "█".repeat(cells.clamp(1, BAR));
        writeln!(
            out,
            "  {heading:<10}  {:<20} {bar:<BAR$} {time:.1} s",
            name(last, slow.call)
        )?;
    }
    Ok(())
}

/// Percentiles of the tools that were called more than once.
fn tools(summary: &RunSummary, out: &mut dyn Write) -> io::Result<()> {
    let many = summary.tools.iter().filter(|tool| tool.calls > 1);
    for tool in many.take(MOST_CALLS) {
        let seconds = |time: std::time::Duration| time.as_secs_f64();
        writeln!(
            out,
            "  {:<20} {}: p50 {:.2} s, p95 {:.2} s, p99 {:.2} s; from ready {:.2} s, {:.2} s, {:.2} s; at most {} at once",
            Safe::new(tool.tool.as_str()).as_str(),
            plural(tool.calls, "call"),
            seconds(tool.run.p50),
            seconds(tool.run.p95),
            seconds(tool.run.p99),
            seconds(tool.from_ready.p50),
            seconds(tool.from_ready.p95),
            seconds(tool.from_ready.p99),
            tool.in_flight.most
        )?;
    }
    Ok(())
}

/// The calls that did not succeed, each with its reason and the first line of
/// its standard error.
fn unsuccessful(summary: &RunSummary, last: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let failed = &summary.unsuccessful;
    for one in failed.iter().take(MOST_CALLS) {
        let Some(row) = last.row(one.call) else {
            continue;
        };
        let planned = if one.is_planned { " as planned" } else { "" };
        let name = Safe::new(row.name.as_str());
        let (word, why) = (row.state.word(), why(row));
        writeln!(out, "  {} {word}{planned} {}{why}", row.id, name.as_str())?;
    }
    if failed.len() > MOST_CALLS {
        writeln!(out, "  and {} more", failed.len() - MOST_CALLS)?;
    }
    Ok(())
}

/// The reason and the line of standard error that says most of it.
fn why(row: &CallRow) -> String {
    let reason = row.reason.as_deref();
    let parts = [reason, row.error_line().filter(|it| Some(*it) != reason)];
    let parts = parts.into_iter().flatten();
    let parts: Vec<String> = parts
        .map(|text| Safe::new(text).as_str().to_owned())
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(": "))
    }
}

fn name(last: &Snapshot, call: CallId) -> String {
    let name = last.row(call).map(|row| Safe::new(row.name.as_str()));
    format!("{call} {}", name.unwrap_or_default().as_str())
}
