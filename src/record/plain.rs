//! `--plain`: one line per start and per end, then the combined output.

use std::io::{self, Write};

use serde_json::Value;

use super::figures::on_one_line;
use super::names::Names;
use super::{AttemptOutput, Outputs, ReportedOutput, TextTail};
use crate::model::{
    AttemptSummary, CallCounts, CallRow, CallState, CapControl, EventKind, Outcome, RunEvent,
    Snapshot, plural,
};
use crate::output::OutputEncoding;

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
    /// An error of `out`.
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
            EventKind::RunStarted {
                plan,
                calls,
                policy,
                ..
            } => {
                let (plan, cap) = (on_one_line(plan), policy.cap);
                let auto = match policy.control {
                    CapControl::Pinned => "",
                    CapControl::Auto => "auto, at most ",
                };
                let calls = plural(*calls, "call");
                Some(format!("run    {plan}: {calls}, cap {auto}{cap}"))
            }
            EventKind::CallStarted {
                call,
                attempt,
                lane,
                ..
            } => {
                let again = if attempt.0 > 1 {
                    format!(", attempt {}", attempt.0)
                } else {
                    String::new()
                };
                let name = self.names.of(*call);
                Some(format!("start  {name} in lane {lane}{again}"))
            }
            EventKind::CallWaiting {
                call,
                reason,
                ended: Some(ended),
            } => {
                let (name, ending) = (self.names.of(*call), ending(ended));
                let reason = self.names.reason(reason, event.t);
                Some(format!("end    {name}: {ending}, {reason}"))
            }
            EventKind::CallEnded {
                call,
                outcome,
                reason,
                took,
                ..
            } => {
                let took = took.map_or_else(String::new, |took| {
                    format!(" in {:.3} s", took.as_secs_f64())
                });
                let (name, why) = (self.names.of(*call), because(reason.as_deref()));
                Some(format!("end    {name} {outcome}{took}{why}"))
            }
            EventKind::RunEnded { counts, wall } => {
                let (tally, wall) = (tally(counts), wall.as_secs_f64());
                Some(format!("done   {tally} in {wall:.3} s"))
            }
            _ => None,
        }
    }
}

/// A reason as the end of a line.
fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {}", on_one_line(reason)))
}

/// Writes the output of every call in plan order, under its id.
///
/// # Errors
///
/// An error of `out`.
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

fn write_output(row: &CallRow, output: &ReportedOutput, out: &mut dyn Write) -> io::Result<()> {
    let truncated = if output.is_truncated {
        ", truncated"
    } else {
        ""
    };
    let encoded = match output.encoding {
        Some(OutputEncoding::Base64) => ", base64",
        _ => "",
    };
    let state = row.state.word();
    writeln!(out, "== {} ({state}{truncated}{encoded})", row.name)?;
    for earlier in &output.earlier {
        write_earlier(row, earlier, out)?;
    }
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
    write_tail("stderr", &output.stderr, out)
}

/// Writes the end of a stream, each line behind its heading.
fn write_tail(heading: &str, tail: &TextTail, out: &mut dyn Write) -> io::Result<()> {
    if tail.is_truncated {
        writeln!(out, "{heading}: … what was printed before is left out …")?;
    }
    for line in tail.text.lines() {
        writeln!(out, "{heading}: {line}")?;
    }
    Ok(())
}

/// Writes what is kept of an attempt that was followed by another.
fn write_earlier(row: &CallRow, earlier: &AttemptOutput, out: &mut dyn Write) -> io::Result<()> {
    let mut attempts = row.attempts.iter();
    let attempt = attempts.find(|it| it.attempt == earlier.attempt);
    let outcome = attempt.and_then(|it| it.outcome);
    let outcome = outcome.map_or_else(String::new, |it| format!(" {it}"));
    let reason = attempt.and_then(|it| it.ending.as_ref()?.reason.as_deref());
    writeln!(
        out,
        "attempt {}{outcome}{}",
        earlier.attempt.0,
        because(reason)
    )?;
    for (stream, text) in [("stdout", &earlier.stdout), ("stderr", &earlier.stderr)] {
        write_tail(
            &format!("attempt {} {stream}", earlier.attempt.0),
            text,
            out,
        )?;
    }
    Ok(())
}

fn ending(end: &AttemptSummary) -> String {
    let why = because(end.reason.as_deref());
    format!("attempt {} {}{why}", end.attempt.0, end.outcome)
}

/// How many calls ended in which way, leaving out the ways that none did.
fn tally(counts: &CallCounts) -> String {
    let said: Vec<String> = Outcome::COUNTED
        .iter()
        .map(|outcome| (counts.ended_as(*outcome), outcome))
        .filter(|(count, _)| *count > 0)
        .map(|(count, outcome)| format!("{count} {outcome}"))
        .collect();
    said.join(", ")
}
