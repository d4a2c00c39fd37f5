//! Past runs, to be compared with the next run of the same plan.

use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::model::{CallId, CallState, Cap, LaneId, Outcome, Snapshot};
use crate::record::report::wall;

/// Number of runs of one plan that are kept.
const MOST_RUNS: usize = 8;

/// Number of attempts of all of them together; a run with more is not kept.
const MOST_ATTEMPTS: usize = 50_000;

/// The longest run that is kept: ten years.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// The last runs of a plan, the latest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PastRuns {
    version: u32,
    pub(super) runs: Vec<PastRun>,
}

impl PastRuns {
    /// Version of the form.
    const VERSION: u32 = 2;

    /// Parses a file, which is not trusted.
    pub(super) fn read(text: &str) -> serde_json::Result<Self> {
        let runs: Self = serde_json::from_str(text)?;
        if runs.version == Self::VERSION && runs.runs.iter().all(PastRun::is_sound) {
            Ok(Self::bounded(runs.runs))
        } else {
            Err(serde_json::Error::custom("not runs of this version"))
        }
    }

    /// A run and those before it, as many as are kept.
    pub(super) fn with(self, run: PastRun) -> Self {
        let mut runs = vec![run];
        runs.extend(self.runs);
        Self::bounded(runs)
    }

    fn bounded(mut runs: Vec<PastRun>) -> Self {
        let mut attempts = 0;
        let fit = runs.iter().take_while(|run| {
            attempts += run.attempts.len();
            attempts <= MOST_ATTEMPTS
        });
        runs.truncate(fit.count().min(MOST_RUNS));
        Self {
            version: Self::VERSION,
            runs,
        }
    }
}

/// A run that has ended: how long it took, and which lane ran what when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    /// The highest cap that was in force.
    pub cap: Cap,
    /// From the first admissible call to the last end, as measured.
    pub wall: Duration,
    /// Number of calls of the plan.
    pub calls: usize,
    /// The attempts of the plan's calls.
    pub attempts: Vec<PastAttempt>,
}

/// One attempt of a past run. Times count from the start of that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAttempt {
    /// The call, by its number in the plan.
    pub call: CallId,
    /// The lane it ran in.
    pub lane: LaneId,
    /// When it was started.
    pub started: Duration,
    /// When a stop was first ordered.
    pub stop_ordered: Option<Duration>,
    /// When it ended.
    pub ended: Duration,
    /// Its outcome.
    pub outcome: Outcome,
}

impl PastRun {
    /// The run of a plan of so many calls; calls that were added to it later
    /// are left out. `None` for a run that says nothing of how long the plan
    /// takes: nothing ran, something has not ended, or a call was cancelled
    /// before it could start.
    pub fn of(last: &Snapshot, calls: usize) -> Option<Self> {
        if last.calls.len() < calls {
            return None;
        }
        let rows = last.calls.iter().take(calls).map(Arc::as_ref);
        let is_broken_off = rows
            .clone()
            .any(|row| row.started.is_none() && row.state == CallState::Ended(Outcome::Cancelled));
        if is_broken_off {
            return None;
        }
        let mut attempts = Vec::new();
        for row in rows.clone() {
            for attempt in &row.attempts {
                attempts.push(PastAttempt {
                    call: row.id,
                    lane: attempt.lane,
                    started: attempt.started,
                    stop_ordered: attempt.stop_ordered,
                    ended: attempt.ended?,
                    outcome: attempt.outcome?,
                });
            }
        }
        let run = Self {
            cap: last.highest_cap,
            wall: wall(rows)?,
            calls,
            attempts,
        };
        run.is_sound().then_some(run)
    }

    /// Returns the median time that a call's attempts took which succeeded.
    pub fn median_time(runs: &[Self], call: CallId) -> Option<Duration> {
        let attempts = runs.iter().flat_map(|run| &run.attempts);
        let attempts = attempts.filter(|it| it.call == call && it.outcome.is_success());
        let mut times: Vec<Duration> = attempts
            .map(|it| it.ended.saturating_sub(it.started))
            .collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    }

    /// Returns how long a plan of so many calls took in one lane, by the latest
    /// such run among these.
    pub fn at_cap_one(runs: &[Self], calls: usize) -> Option<Duration> {
        let mut measured = runs.iter();
        let measured = measured.find(|run| run.cap == Cap::ONE && run.calls == calls);
        measured.map(|run| run.wall)
    }

    /// Whether it is within the bounds that everything relies on: a file may
    /// say anything.
    fn is_sound(&self) -> bool {
        let is_bounded = (1..=MOST_ATTEMPTS).contains(&self.attempts.len());
        let mut attempts = self.attempts.iter();
        is_bounded && self.wall <= LONGEST && attempts.all(|attempt| attempt.is_sound(self.calls))
    }
}

impl PastAttempt {
    /// Whether it is of a plan of so many calls, and ends after it began.
    fn is_sound(&self, calls: usize) -> bool {
        let stopped = self.stop_ordered.unwrap_or(self.started);
        let is_ordered = self.started <= stopped && stopped <= self.ended;
        let is_known = self.call.index() < calls && self.lane.0 < Cap::MAX;
        is_known && is_ordered && self.ended <= LONGEST
    }
}
