//! The run before of the same plan, as bars on the same scale.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{AttemptTimes, Bar, inside, ran};
use crate::model::{CallId, Cap};
use crate::record::PastRun;

/// The run before of the same plan.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierRun {
    /// The highest cap that was in force.
    pub cap: Cap,
    /// From the first admissible call to the last end, as measured.
    pub wall: Duration,
    /// How many calls the plan has.
    pub calls: usize,
    /// When the last attempt ended, from the start of that run.
    pub last_end: Duration,
    /// The attempts of each lane, in the order of time.
    pub lanes: Vec<Vec<Bar>>,
    /// The attempts of each call, in the order of time.
    by_call: BTreeMap<CallId, Vec<Bar>>,
}

impl EarlierRun {
    /// The bars of a run that was kept.
    pub fn of(run: &PastRun) -> Self {
        let mut earlier_run = Self {
            cap: run.cap,
            wall: run.wall,
            calls: run.calls,
            last_end: Duration::ZERO,
            lanes: Vec::new(),
            by_call: BTreeMap::new(),
        };
        for attempt in &run.attempts {
            let lane = attempt.lane.0 as usize;
            if lane >= earlier_run.lanes.len() {
                earlier_run.lanes.resize(lane + 1, Vec::new());
            }
            let times = AttemptTimes {
                started: attempt.started,
                stop_ordered: attempt.stop_ordered,
                ended: Some(attempt.ended),
            };
            let bars = ran(attempt.call, Some(attempt.outcome), times);
            for bar in bars {
                earlier_run.by_call.entry(bar.call).or_default().push(bar);
                if let Some(lane) = earlier_run.lanes.get_mut(lane) {
                    lane.push(bar);
                }
            }
            earlier_run.last_end = earlier_run.last_end.max(attempt.ended);
        }
        for bars in earlier_run
            .lanes
            .iter_mut()
            .chain(earlier_run.by_call.values_mut())
        {
            bars.sort_by_key(|bar| bar.from);
        }
        earlier_run
    }

    /// The bars of a lane that are visible between two times.
    pub fn lane(&self, lane: usize, from: Duration, to: Duration) -> &[Bar] {
        inside(self.lanes.get(lane), from, to)
    }

    /// Returns the bars of a call.
    pub fn of_call(&self, call: CallId) -> &[Bar] {
        self.by_call.get(&call).map_or(&[], Vec::as_slice)
    }
}
