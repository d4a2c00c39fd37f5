//! The few lines that stay on the terminal when the dashboard has gone.

use std::io::{self, Write};

use crate::model::{CallRow, CallState, Outcome, Snapshot, plural};
use crate::output::Safe;

/// Calls that did not succeed, at most this many of them.
const MOST_CALLS: usize = 12;

/// Prints how a run went, in at most 16 lines; nothing for a run without calls.
/// Calls of agents are their own affair.
pub(super) fn print(last: &Snapshot, out: &mut impl Write) -> io::Result<()> {
    let own = || last.calls.iter().filter(|row| row.proxied.is_none());
    if own().next().is_none() {
        return Ok(());
    }
    let seconds = last.elapsed().as_secs_f64();
    let plan = Safe::new(&last.plan);
    write!(
        out,
        "{}: {} in {seconds:.1} s",
        plan.as_str(),
        plural(own().count(), "call")
    )?;
    for outcome in Outcome::ALL {
        let state = CallState::Ended(outcome);
        let count = own().filter(|row| row.state == state).count();
        if count > 0 {
            write!(out, ", {count} {outcome}")?;
        }
    }
    writeln!(out)?;
    let unsuccessful: Vec<&CallRow> = own()
        .map(AsRef::as_ref)
        .filter(|row| !matches!(row.state, CallState::Ended(outcome) if outcome.is_success()))
        .collect();
    for row in unsuccessful.iter().take(MOST_CALLS) {
        let reason = Safe::new(row.reason.as_deref().unwrap_or_default());
        let name = Safe::new(row.name.as_str());
        writeln!(
            out,
            "  {} {} {}: {}",
            row.id,
            row.state.word(),
            name.as_str(),
            reason.as_str()
        )?;
    }
    if unsuccessful.len() > MOST_CALLS {
        writeln!(out, "  and {} more", unsuccessful.len() - MOST_CALLS)?;
    }
    Ok(())
}
