//! How long a call is expected to run.

use std::time::Duration;

use crate::model::{CallRow, CallState, Outcome, Snapshot, ToolName};

/// Successes of the same tool that are looked at.
const LOOKED_AT: usize = 8;

/// Ended calls that are searched for them, so that a frame costs the same
/// however many there are.
const SEARCHED: usize = 256;

/// How long a call is expected to run: the plan's estimate, else the median of
/// its tool's latest successes in this run. An estimate in any case.
pub(in crate::tui) fn run_time(run: &Snapshot, row: &CallRow) -> Option<Duration> {
    row.estimate.or_else(|| median_of(run, &row.tool))
}

/// The median run time of a tool's latest successes in this run.
pub(in crate::tui) fn median_of(run: &Snapshot, tool: &ToolName) -> Option<Duration> {
    let latest = run
        .finished
        .iter()
        .take(SEARCHED)
        .filter_map(|id| run.row(*id));
    let mut times: Vec<Duration> = latest
        .filter(|ended| ended.tool == *tool)
        .filter(|ended| ended.state == CallState::Ended(Outcome::Succeeded))
        .filter_map(|ended| ended.elapsed(run.now))
        .take(LOOKED_AT)
        .collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}
