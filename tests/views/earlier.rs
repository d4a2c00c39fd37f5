//! Earlier runs of the plans of the fixtures.

use std::sync::Arc;

use fanout::model::{CallState, Cap, Ending, LaneId, Outcome, Snapshot};
use fanout::record::PastRun;

use crate::fixtures::{attempt, ms};

/// The calls of a run one after another in one lane, as an earlier run of the
/// same plan.
pub(crate) fn sequential(run: &Snapshot) -> PastRun {
    let mut before = run.clone();
    before.highest_cap = Cap::ONE;
    let calls = run.calls.iter().zip(0..).map(|(row, number): (_, u64)| {
        let mut row = (**row).clone();
        let outcome = match number % 5 {
            3 => Outcome::Failed,
            _ => Outcome::Succeeded,
        };
        let (started, ended) = (ms(number * 4_000), ms(number * 4_000 + 3_500));
        row.state = CallState::Ended(outcome);
        row.started = Some(started);
        row.ended = Some(ended);
        row.attempts = vec![attempt(
            LaneId(0),
            started,
            Some((ended, Ending::plain(outcome))),
        )];
        Arc::new(row)
    });
    before.calls = Arc::new(calls.collect());
    PastRun::of(&before, run.calls.len()).expect("every call has ended")
}
