//! The one estimator of run times, from the successes of the run under way.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{CallRow, CallState, Outcome, Snapshot, ToolName, UNKNOWN_RUN_TIME};

/// Number of successes whose median is taken, the latest first.
const SUCCESSES: usize = 8;

/// Number of ended calls that are searched for them, so that an estimate costs
/// the same however many there are.
const SEARCHED: usize = 256;

/// Returns the expected run time of a call: the plan's estimate, else the
/// median of its tool's latest successes in this run; `None` without either.
pub fn expected_run_time(run: &Snapshot, row: &CallRow) -> Option<Duration> {
    row.estimate.or_else(|| median_run_time(run, &row.tool))
}

/// Returns the median run time of a tool's latest successes in this run.
pub fn median_run_time(run: &Snapshot, tool: &ToolName) -> Option<Duration> {
    median_of(run, |row| row.tool == *tool)
}

fn median_of(run: &Snapshot, is_meant: impl Fn(&CallRow) -> bool) -> Option<Duration> {
    let latest = run
        .finished
        .iter()
        .take(SEARCHED)
        .filter_map(|id| run.row(*id));
    let mut times: Vec<Duration> = latest
        .filter(|row| is_meant(row) && row.state == CallState::Ended(Outcome::Succeeded))
        .filter_map(|row| row.elapsed(run.now))
        .take(SUCCESSES)
        .collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// The medians of one snapshot, each looked up once.
pub(super) struct RunTimes<'s> {
    run: &'s Snapshot,
    of_tools: BTreeMap<&'s ToolName, Option<Duration>>,
    of_all: Option<Duration>,
}

impl<'s> RunTimes<'s> {
    pub(super) fn of(run: &'s Snapshot) -> Self {
        Self {
            run,
            of_tools: BTreeMap::new(),
            of_all: median_of(run, |_| true),
        }
    }

    /// Returns the expected run time of a call: of one whose tool has not
    /// succeeded yet the median of all successes, else one second.
    pub(super) fn expected(&mut self, row: &'s CallRow) -> Duration {
        let run = self.run;
        let of_tool = self.of_tools.entry(&row.tool);
        let of_tool = *of_tool.or_insert_with(|| median_run_time(run, &row.tool));
        let known = row.estimate.or(of_tool).or(self.of_all);
        known.unwrap_or(UNKNOWN_RUN_TIME)
    }
}
