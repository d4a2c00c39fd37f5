//! `--plain`: one line per start and per end, then the combined output.

use std::io::{self, Write};

use serde_json::Value;

use super::figures::on_one_line;
use super::names::Names;
use super::{CallOutput, Outputs};
use crate::model::{
    AttemptEnd, CallRow, CallState, Counts, Happening, Outcome, RunEvent, Snapshot,
};

/// Writes a run as plain lines for people and pagers.
#[derive(Debug, Default)]
pub struct PlainLines {
    names: Names,
}

impl PlainLines {
    /// Writes the line of a start or an end; other events have none.
    /// Flushing is left to the caller.
    ///
    /// # Errors
    ///
    /// What `out` reports.
    pub fn write(&mut self, event: &RunEvent, out: &mut dyn Write) -> io::Result<()> {
        self.names.hear(event);
        let Some(line) = self.line(event) else {
            return Ok(());
        };
        writeln!(out, "{:>9.3}  {line}", event.t.as_secs_f64())
    }

    /// The line of an event.
    fn line(&self, event: &RunEvent) -> Option<String> {
        match &event.what {
            Happening::RunStarted {
                plan,
                calls,
                policy,
                ..
            } => Some(format!(
                "run    {}: {calls} calls, cap {}",
                on_one_line(plan),
                policy.cap
            )),
            Happening::CallStarted {
                call,
                attempt,
                lane,
                ..
            } => {
                let attempt = match attempt.0 {
                    0 | 1 => String::new(),
                    number => format!(", attempt {number}"),
                };
                Some(format!(
                    "start  {} in lane {lane}{attempt}",
                    self.names.of(*call)
                ))
            }
            Happening::CallWaiting {
                call,
                reason,
                ended: Some(ended),
            } => Some(format!(
                "end    {}: {}, {}",
                self.names.of(*call),
                ending(ended),
                self.names.reason(reason, event.t)
            )),
            Happening::CallEnded {
                call,
                outcome,
                reason,
                took,
                ..
            } => {
                let took = took.map_or_else(String::new, |took| {
                    format!(" in {:.3} s", took.as_secs_f64())
                });
                let reason = reason
                    .as_deref()
                    .map_or_else(String::new, |reason| format!(": {}", on_one_line(reason)));
                Some(format!(
                    "end    {} {outcome}{took}{reason}",
                    self.names.of(*call)
                ))
            }
            Happening::RunEnded { counts, wall } => Some(format!(
                "done   {} in {:.3} s",
                tally(counts),
                wall.as_secs_f64()
            )),
            Happening::CallQueued { .. }
            | Happening::CallWaiting { ended: None, .. }
            | Happening::Output { .. }
            | Happening::CallSampled { .. }
            | Happening::MachineSampled { .. }
            | Happening::CapChanged { .. }
            | Happening::CallStopping { .. } => None,
        }
    }
}

/// Writes the output of every call in plan order, under its id.
///
/// # Errors
///
/// What `out` reports.
pub fn write_outputs(
    last: &Snapshot,
    outputs: &Outputs<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for row in last.calls.iter() {
        writeln!(out)?;
        write_output(row, &outputs(row.id), out)?;
    }
    Ok(())
}

fn write_output(row: &CallRow, output: &CallOutput, out: &mut dyn Write) -> io::Result<()> {
    let truncated = if output.is_truncated {
        ", truncated"
    } else {
        ""
    };
    writeln!(out, "== {} ({}{truncated})", row.name, row.state.word())?;
    match &output.value {
        None => {}
        Some(Value::String(text)) if text.is_empty() => {}
        Some(Value::String(text)) => writeln!(out, "{}", text.trim_end_matches('\n'))?,
        Some(value) => {
            serde_json::to_writer_pretty(&mut *out, value)?;
            writeln!(out)?;
        }
    }
    if matches!(row.state, CallState::Ended(outcome) if outcome.is_success()) {
        return Ok(());
    }
    if let Some(reason) = &row.reason {
        writeln!(out, "reason: {}", on_one_line(reason))?;
    }
    for line in output.stderr.lines() {
        writeln!(out, "stderr: {line}")?;
    }
    Ok(())
}

fn ending(end: &AttemptEnd) -> String {
    let reason = end
        .reason
        .as_deref()
        .map_or_else(String::new, |reason| format!(": {}", on_one_line(reason)));
    format!("attempt {} {}{reason}", end.attempt.0, end.outcome)
}

/// How many calls ended in which way, leaving out the ways that none did.
fn tally(counts: &Counts) -> String {
    let said: Vec<String> = Outcome::ALL
        .iter()
        .map(|outcome| (counts.ended_as(*outcome), outcome))
        .filter(|(count, _)| *count > 0)
        .map(|(count, outcome)| format!("{count} {outcome}"))
        .collect();
    said.join(", ")
}
