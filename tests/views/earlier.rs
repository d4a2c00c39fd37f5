//! Earlier runs of the plans of the fixtures.

use std::sync::Arc;
use std::time::Duration;

use fanout::model::{CallCounts, CallState, Cap, Ending, LaneId, Outcome, Snapshot};
use fanout::record::PastRun;

use crate::fixtures::{attempt, ms};

/// The calls of a run one after another in one lane, as an earlier run of the
/// same plan.
pub(crate) fn sequential(run: &Snapshot) -> PastRun {
    past(run, Cap::ONE, |number| {
        (LaneId(0), ms(u64::from(number) * 4_000))
    })
}

/// The same all at once.
pub(crate) fn parallel(run: &Snapshot) -> PastRun {
    let most = Cap::new(Cap::MAX).expect("a cap");
    past(run, most, |number| (LaneId(number), ms(0)))
}

fn past(run: &Snapshot, cap: Cap, start: impl Fn(u32) -> (LaneId, Duration)) -> PastRun {
    let mut before = with_ends(run, start);
    before.highest_cap = cap;
    PastRun::of(&before, run.calls.len()).expect("every call has ended")
}

/// The same run, of which every call started at once and has ended.
pub(crate) fn ended(run: &Snapshot) -> Arc<Snapshot> {
    Arc::new(with_ends(run, |number| (LaneId(number), ms(0))))
}

fn with_ends(run: &Snapshot, start: impl Fn(u32) -> (LaneId, Duration)) -> Snapshot {
    let mut ended = run.clone();
    let calls = run.calls.iter().zip(0..).map(|(row, number)| {
        let mut row = (**row).clone();
        let outcome = match number % 5 {
            3 => Outcome::Failed,
            _ => Outcome::Succeeded,
        };
        let (lane, started) = start(number);
        let end = started + ms(3_500);
        row.state = CallState::Ended(outcome);
        row.started = Some(started);
        row.waits = Vec::new();
        row.ended = Some(end);
        let ending = Ending::plain(outcome);
        row.attempts = vec![attempt(lane, started, Some((end, ending)))];
        Arc::new(row)
    });
    ended.calls = calls.collect();
    ended.lanes = Arc::new(vec![None; ended.lanes.len()]);
    ended.queue = Arc::default();
    ended.finished = Arc::new(ended.calls.iter().map(|row| row.id).rev().collect());
    ended.counts = CallCounts::default();
    for row in ended.calls.iter() {
        *ended.counts.slot(&row.state) += 1;
    }
    ended
}
