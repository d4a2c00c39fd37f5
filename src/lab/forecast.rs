//! The time left of a run under way, at several caps.

use std::collections::BTreeMap;
use std::time::Duration;

use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;

use super::run_time::RunTimes;
use super::{SimulatedCall, SimulationInput, simulate};
use crate::model::{CallId, CallRow, CallState, Cap, Edge, Snapshot, StopStep, Tool};
use crate::sched::{CallSpec, SchedulerSettings, ToolLimits};

/// Number of open calls up to which a forecast is made: it has to be there
/// before the next frame.
const MOST: usize = 2_000;
/// The time from now to the last end, as estimated, at each of the caps.
///
/// A call is assumed to run as long as its estimate says, else as the median
/// of its tool's latest successes in this run, else of all successes, else one
/// second; one that is overdue is assumed to need as long again.
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

/// Returns the rest of a run, as a simulation that begins now.
fn rest(snapshot: &Snapshot, tools: Vec<ToolLimits>) -> SimulationInput {
    let mut run_times = RunTimes::of(snapshot);
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
        let mut call = simulated(snapshot, row, run_times.expected(row));
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

/// The row of a call that the scheduler decides about: not that of an agent's
/// call which is only watched.
fn row(snapshot: &Snapshot, id: CallId) -> Option<&CallRow> {
    let row = snapshot.row(id).map(AsRef::as_ref);
    row.filter(|row: &&CallRow| row.proxied.as_ref().is_none_or(|call| !call.is_watched))
}

fn simulated(snapshot: &Snapshot, row: &CallRow, whole: Duration) -> SimulatedCall {
    let now = snapshot.now;
    let mut spec = CallSpec::of(&row.call);
    spec.estimate = Some(whole);
    // An early end cannot be estimated.
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
