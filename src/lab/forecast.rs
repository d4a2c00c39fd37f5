//! What is left of a run under way, at several caps.

use std::collections::BTreeMap;
use std::time::Duration;

use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;

use super::{SimulatedCall, SimulationInput, simulate};
use crate::model::{
    CallId, CallRow, CallState, Cap, Edge, Outcome, Snapshot, StopStep, Tool, ToolName,
};
use crate::sched::{CallSpec, SchedulerSettings, ToolLimits};

/// Open calls up to which a forecast is made: it has to be there before the
/// next frame.
const MOST: usize = 2_000;
/// What a call of which nothing is known is taken to run.
const UNIT: Duration = Duration::from_secs(1);

/// The time from now to the last end, as estimated, at each of the caps.
///
/// A call is taken to run as long as its estimate says, else as long as the
/// successes of its tool did in this run on average, else as all successes
/// did, else one second; what is overdue is taken to need as long again.
/// `None` where nothing is open, or too much for a forecast at once.
pub fn forecast<'t>(
    snapshot: &Snapshot,
    tools: impl IntoIterator<Item = &'t Tool>,
    caps: impl IntoIterator<Item = Cap>,
) -> Option<Vec<(Cap, Duration)>> {
    let open = snapshot.counts.open();
    if open == 0 || open > MOST {
        return None;
    }
    let limits = tools.into_iter().filter_map(ToolLimits::of).collect();
    let input = rest(snapshot, limits);
    let left = caps
        .into_iter()
        .map(|cap| (cap, simulate(&input.with_cap(cap)).makespan));
    Some(left.collect())
}

/// What is left of a run, as a input of its own that begins now.
fn rest(snapshot: &Snapshot, tools: Vec<ToolLimits>) -> SimulationInput {
    let known = KnownRunTimes::of(snapshot);
    let running: Vec<&CallRow> = snapshot
        .lanes
        .iter()
        .flatten()
        .filter_map(|id| row(snapshot, *id))
        .collect();
    let waiting = snapshot.queue.iter().filter_map(|id| row(snapshot, *id));
    let rows: Vec<&CallRow> = running.iter().copied().chain(waiting).collect();
    let places: BTreeMap<CallId, CallId> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (row.id, CallId::from_index(index)))
        .collect();
    let calls = rows.iter().enumerate().map(|(index, row)| {
        let mut call = simulated(snapshot, row, &known);
        call.spec.id = CallId::from_index(index);
        call.spec.after = row
            .call
            .after
            .iter()
            .filter_map(|edge| {
                let call = *places.get(&edge.call)?;
                Some(Edge { call, on: edge.on })
            })
            .collect();
        call
    });
    let mut settings = SchedulerSettings::new(snapshot.policy, Pcg64Mcg::seed_from_u64(0));
    settings.cores = Some(f64::from(snapshot.cores));
    settings.tools = tools;
    SimulationInput {
        settings,
        calls: calls.collect(),
        running: running.len(),
        assumed: 0,
    }
}

fn row(snapshot: &Snapshot, id: CallId) -> Option<&CallRow> {
    snapshot.row(id).map(AsRef::as_ref)
}

fn simulated(snapshot: &Snapshot, row: &CallRow, known: &KnownRunTimes) -> SimulatedCall {
    let now = snapshot.now;
    let whole = known.run_time(row);
    let mut spec = CallSpec::of(&row.call);
    spec.estimate = Some(whole);
    // What ends a call early cannot be foretold.
    spec.timeouts.run = None;
    spec.timeouts.queue = None;
    spec.timeouts.idle = None;
    let not_before = match row.state {
        CallState::Retrying { at, .. } => Some(at),
        _ => spec.start_after,
    };
    spec.start_after = not_before.map(|at| at.saturating_sub(now));
    let run = match row.state {
        CallState::Stopping {
            step: StopStep::Soft { hard_at },
            ..
        } => hard_at.saturating_sub(now),
        CallState::Stopping { .. } => Duration::ZERO,
        CallState::Starting { .. } | CallState::Running { .. } => {
            spec.start_after = None;
            let elapsed = row.elapsed(now).unwrap_or_default();
            whole
                .checked_sub(elapsed)
                .filter(|left| !left.is_zero())
                .unwrap_or(elapsed)
        }
        _ => whole,
    };
    SimulatedCall { spec, run }
}

/// What the run itself has shown about run times.
struct KnownRunTimes {
    tools: BTreeMap<ToolName, (Duration, u32)>,
    all: (Duration, u32),
}

impl KnownRunTimes {
    fn of(snapshot: &Snapshot) -> Self {
        let mut known = Self {
            tools: BTreeMap::new(),
            all: (Duration::ZERO, 0),
        };
        let succeeded = snapshot.calls.iter();
        let succeeded = succeeded.filter(|row| row.state == CallState::Ended(Outcome::Succeeded));
        for row in succeeded {
            let ran = row.elapsed(snapshot.now).unwrap_or_default();
            let of_tool = known.tools.entry(row.tool.clone()).or_default();
            for sum in [of_tool, &mut known.all] {
                *sum = (sum.0 + ran, sum.1 + 1);
            }
        }
        known
    }

    fn run_time(&self, row: &CallRow) -> Duration {
        let mean =
            |sum: Option<&(Duration, u32)>| sum.filter(|sum| sum.1 > 0).map(|sum| sum.0 / sum.1);
        let learned = || mean(self.tools.get(&row.tool)).or_else(|| mean(Some(&self.all)));
        row.estimate.or_else(learned).unwrap_or(UNIT)
    }
}
