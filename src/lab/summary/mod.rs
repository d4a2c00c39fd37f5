//! The sum of a run that has ended: how long it took, what bound it, what was
//! slow, what failed.
//!
//! It is computed once, from the last snapshot, for the screen, for standard
//! output and for the report. It must not know how any of them looks.

mod document;
mod in_flight;
mod lanes;
mod tool_times;
mod verdict;
mod words;

use std::sync::Arc;
use std::time::Duration;

pub use in_flight::InFlight;
pub use lanes::busy_lanes;
pub use tool_times::{Percentiles, ToolTimes, times_of_tool};

use super::{CallCost, Capacity, TimeBounds, bounds};
use crate::model::{
    CallId, CallRow, CallState, Cap, Outcome, Snapshot, Tool, WaitSpan, run_origin,
};
use crate::sched::ToolLimits;

/// Slow calls that are named.
const SLOWEST: usize = 5;

/// Pauses of more than one part in so many of the wall time are those of a user,
/// not of the run.
const MOST_PAUSES: u32 = 20;

/// The sum of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Number of calls.
    pub calls: usize,
    /// How many ended in which way, those left out that none did.
    pub outcomes: Vec<OutcomeCount>,
    /// From the first admissible call to the last end.
    pub wall: Duration,
    /// When the first admissible call could start, on the run's clock.
    pub origin: Duration,
    /// Time in which there was no call at all, because the next one was added
    /// later.
    pub pauses: Duration,
    /// Time that one lane takes for the same calls.
    pub one_lane: OneLane,
    /// The most lanes there were.
    pub lanes: Cap,
    /// Bounds on the wall time.
    pub bounds: TimeBounds,
    /// Use of the machine by the calls.
    pub machine: MachineUse,
    /// How many times as fast it was as one lane, and what bound it: one plain
    /// sentence.
    pub verdict: String,
    /// The longest wait for anything but other calls.
    pub longest_wait: Option<LongWait>,
    /// The calls that took longest, the slowest first.
    pub slowest: Vec<SlowCall>,
    /// The calls that did not succeed, those that were not planned to first, each
    /// kind in the order of the plan.
    pub unsuccessful: Vec<Unsuccessful>,
    /// The run times of each tool.
    pub tools: Vec<ToolTimes>,
    /// Attempts that were in flight at once.
    pub in_flight: InFlight,
}

/// Calls that ended in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeCount {
    /// The way.
    pub outcome: Outcome,
    /// Number of calls.
    pub count: usize,
    /// Number of those of which the plan expects it.
    pub planned: usize,
}

/// Time that one lane takes for the same calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneLane {
    /// A run of the plan at cap 1 took so long.
    Measured(Duration),
    /// The run times of all calls together, without the time that they waited
    /// for a core.
    Estimated(Duration),
}

impl OneLane {
    /// Returns the time.
    pub fn time(self) -> Duration {
        match self {
            Self::Measured(time) | Self::Estimated(time) => time,
        }
    }

    /// Returns the sign before a figure that is made of it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Measured(_) => "",
            Self::Estimated(_) => "~",
        }
    }
}

/// Use of the machine by the calls of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MachineUse {
    /// Cores of the machine.
    pub cores: u32,
    /// Cores in use by the calls, on average.
    pub cores_used: f64,
    /// Cores in use by other programs, on average as far back as readings are
    /// kept; `None` where it is not known.
    pub foreign_cores: Option<f64>,
    /// Highest memory of a single call, in bytes, where it is known.
    pub peak_bytes: Option<u64>,
    /// Memory of the machine, in bytes, where it is known.
    pub memory_bytes: Option<u64>,
}

/// A stretch of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongWait {
    /// The call that waited.
    pub call: CallId,
    /// The cause, by its heading in the report's `waited`.
    pub heading: &'static str,
    /// How long.
    pub time: Duration,
}

/// A call that took long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowCall {
    /// The call.
    pub call: CallId,
    /// Time in lanes, of all its attempts.
    pub time: Duration,
}

/// A call that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsuccessful {
    /// The call.
    pub call: CallId,
    /// Whether the plan expects it.
    pub is_planned: bool,
}

/// Knowledge about a run that its snapshot does not hold.
#[derive(Debug, Clone, Copy)]
pub struct SummaryContext {
    /// How long the plan took in one lane, where such a run is kept.
    pub one_lane: Option<Duration>,
    /// Factor on the start times that calls ask for.
    pub time_scale: f64,
}

impl RunSummary {
    /// Sums up a run; `None` while something runs, and where nothing ever ran.
    pub fn of<'a>(
        run: &Snapshot,
        tools: impl Iterator<Item = &'a Tool>,
        context: SummaryContext,
    ) -> Option<Self> {
        let rows: Vec<&CallRow> = run.round_rows().map(Arc::as_ref).collect();
        let ended = rows.iter().map(|row| row.ended);
        let last = ended.collect::<Option<Vec<Duration>>>()?;
        let last = last.into_iter().max()?;
        let origin = run_origin(rows.iter().copied());
        let wall = last.saturating_sub(origin);
        let limits: Vec<ToolLimits> = tools.filter_map(ToolLimits::of).collect();
        let bounds = bounds_of(run, &rows, origin, context.time_scale, &limits);
        let one_lane = context
            .one_lane
            .map_or_else(|| estimated(&rows), OneLane::Measured);
        let mut summary = Self {
            calls: rows.len(),
            outcomes: outcomes(run, &rows),
            wall,
            origin,
            pauses: pauses(&rows),
            one_lane,
            lanes: run.highest_cap,
            machine: MachineUse::of(run, &rows, wall),
            verdict: String::new(),
            longest_wait: longest_wait(&rows),
            slowest: slowest(&rows),
            unsuccessful: unsuccessful(run, &rows),
            tools: ToolTimes::of(&rows),
            in_flight: InFlight::of(rows.iter().copied()),
            bounds,
        };
        summary.verdict = summary.sentence(&limits);
        Some(summary)
    }

    /// Whether its time says something about lanes: there were several calls, and
    /// hardly any time passed without one.
    pub fn is_comparable(&self) -> bool {
        self.calls > 1 && self.pauses * MOST_PAUSES <= self.wall
    }

    /// Returns how many times as fast as one lane it was; `None` where nothing
    /// took any time, or the time says nothing about lanes.
    pub fn speed_up(&self) -> Option<f64> {
        let wall = self.wall.as_secs_f64();
        let is_told = wall > 0.0 && self.is_comparable();
        is_told.then(|| self.one_lane.time().as_secs_f64() / wall)
    }

    /// Returns how much of the wall time no schedule could have saved.
    pub fn unavoidable(&self) -> Option<f64> {
        self.bounds.efficiency(self.wall)
    }
}

/// Returns the bounds on the time of a run, ended or not. Calls of agents are
/// bound by other things.
pub fn run_bounds<'a>(
    run: &Snapshot,
    time_scale: f64,
    tools: impl Iterator<Item = &'a Tool>,
) -> TimeBounds {
    let limits: Vec<ToolLimits> = tools.filter_map(ToolLimits::of).collect();
    let rows: Vec<&CallRow> = run.round_rows().map(Arc::as_ref).collect();
    let origin = run_origin(rows.iter().copied());
    bounds_of(run, &rows, origin, time_scale, &limits)
}

fn bounds_of(
    run: &Snapshot,
    rows: &[&CallRow],
    origin: Duration,
    time_scale: f64,
    tools: &[ToolLimits],
) -> TimeBounds {
    let first = rows.first().map_or(0, |row| row.id.index());
    let cost = |row: &&CallRow| {
        let mut cost = CallCost::measured(row, origin, time_scale);
        // Its edges are positions among these calls.
        cost.after = cost
            .after
            .iter()
            .filter_map(|parent| parent.checked_sub(first))
            .collect();
        cost
    };
    let costs: Vec<CallCost> = rows.iter().map(cost).collect();
    let capacity = Capacity {
        cap: run.highest_cap.get(),
        cores: Some(f64::from(run.cores)),
        tools,
    };
    bounds(&costs, &capacity)
}

/// Adds up the stretches between two calls, from the end of all before to when
/// the next one was added.
fn pauses(rows: &[&CallRow]) -> Duration {
    let times = rows.iter().map(|row| (row.queued, row.ended));
    let mut times: Vec<(Duration, Option<Duration>)> = times.collect();
    times.sort();
    let mut until = times.first().map_or(Duration::ZERO, |first| first.0);
    let mut sum = Duration::ZERO;
    for (queued, ended) in times {
        sum += queued.saturating_sub(until);
        until = until.max(ended.unwrap_or(queued));
    }
    sum
}

/// Time of a call in lanes, of all its attempts.
fn run_time(row: &CallRow) -> Duration {
    let attempts = row.attempts.iter();
    let times = attempts.filter_map(|it| Some(it.ended?.saturating_sub(it.started)));
    times.sum()
}

/// Returns the CPU time of a call, where it is known.
fn cpu_time(row: &CallRow) -> Option<Duration> {
    let attempts = row.attempts.iter();
    let known = attempts.filter_map(|it| it.ending.as_ref()?.cpu_ms);
    let sum: u64 = known.map(|it| it.value).sum();
    (sum > 0).then(|| Duration::from_millis(sum))
}

/// Adds up the run times. A call that could run and waited for a core would not
/// have waited alone; it would still have used its CPU time.
fn estimated(rows: &[&CallRow]) -> OneLane {
    let alone = |row: &&CallRow| {
        let time = run_time(row);
        let newest = row.samples.iter().rev().flatten().next();
        let waited = newest.and_then(|it| it.waited_ms).unwrap_or_default();
        let least = cpu_time(row).unwrap_or_default().min(time);
        time.saturating_sub(Duration::from_millis(waited))
            .max(least)
    };
    OneLane::Estimated(rows.iter().map(alone).sum())
}

fn outcomes(run: &Snapshot, rows: &[&CallRow]) -> Vec<OutcomeCount> {
    let counted = Outcome::COUNTED.iter().map(|outcome| {
        let is_meant = |row: &&&CallRow| matches!(row.state, CallState::Ended(it) if it.counted_as() == *outcome);
        let ended = rows.iter().filter(is_meant);
        let planned = ended
            .clone()
            .filter(|row| is_planned(run, row))
            .count();
        OutcomeCount {
            outcome: *outcome,
            count: ended.count(),
            planned,
        }
    });
    counted.filter(|it| it.count > 0).collect()
}

/// Whether the plan expects that a call ends as it did.
fn is_planned(run: &Snapshot, row: &CallRow) -> bool {
    let is_failure = matches!(
        row.state,
        CallState::Ended(Outcome::Failed | Outcome::Skipped)
    );
    is_failure && run.planned.contains(&row.id)
}

fn longest_wait(rows: &[&CallRow]) -> Option<LongWait> {
    let waits = rows.iter().flat_map(|row| {
        let waits = row.waits.iter().filter(|it| it.heading != "after");
        waits.map(|span| (row.id, span))
    });
    let time = |span: &WaitSpan| span.to.saturating_sub(span.from);
    let (call, span) = waits.max_by_key(|(_, span)| time(span))?;
    Some(LongWait {
        call,
        heading: span.heading,
        time: time(span),
    })
    .filter(|it| !it.time.is_zero())
}

fn slowest(rows: &[&CallRow]) -> Vec<SlowCall> {
    let all = rows.iter().map(|row| SlowCall {
        call: row.id,
        time: run_time(row),
    });
    let mut all: Vec<SlowCall> = all.filter(|it| !it.time.is_zero()).collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.time));
    all.truncate(SLOWEST);
    all
}

fn unsuccessful(run: &Snapshot, rows: &[&CallRow]) -> Vec<Unsuccessful> {
    let failed = rows.iter().filter(|row| row.is_unsuccessful());
    let failed = failed.map(|row| Unsuccessful {
        call: row.id,
        is_planned: is_planned(run, row),
    });
    let mut failed: Vec<Unsuccessful> = failed.collect();
    failed.sort_by_key(|it| it.is_planned);
    failed
}

impl MachineUse {
    fn of(run: &Snapshot, rows: &[&CallRow], wall: Duration) -> Self {
        let cpu: Duration = rows.iter().filter_map(|row| cpu_time(row)).sum();
        let seconds = wall.as_secs_f64();
        let latest = run.machine.iter().rev().flatten().next();
        let foreign = run.machine.iter().flatten();
        let foreign = foreign.filter_map(|it| Some(it.cpu_cores? - it.calls_cores?));
        let foreign: Vec<f32> = foreign.map(|cores| cores.max(0.0)).collect();
        let mean = f64::from(foreign.iter().sum::<f32>()) / foreign.len().max(1) as f64;
        Self {
            foreign_cores: (!foreign.is_empty()).then_some(mean),
            cores: run.cores.max(1),
            cores_used: if seconds > 0.0 {
                cpu.as_secs_f64() / seconds
            } else {
                0.0
            },
            peak_bytes: rows.iter().filter_map(|row| row.peak_rss_bytes).max(),
            memory_bytes: latest.map(|sample| sample.memory_total_bytes),
        }
    }
}
