//! An estimate of the time that a run still takes, cheap enough for each frame.

use std::time::Duration;

use super::run_time::RunTimes;
use crate::model::Snapshot;

/// Open calls up to which each is estimated by itself; of more the pace of the
/// last seconds tells more.
const FEW: usize = 256;

/// Returns about how long a run still takes; `None` where nothing is known to
/// go by.
pub fn time_left(run: &Snapshot) -> Option<Duration> {
    let open = run.counts.open();
    if open == 0 {
        return None;
    }
    if open > FEW {
        let pace = run.load_samples.latest()?.pace.per_second();
        return (pace > 0.0).then(|| Duration::from_secs_f64(open as f64 / pace));
    }
    let mut times = RunTimes::of(run);
    let waiting = run.queue.iter();
    let open = run.lanes.iter().flatten().chain(waiting);
    let rows = open.filter_map(|id| run.row(*id));
    let left: Vec<Duration> = rows
        .map(|row| {
            let elapsed = row.elapsed(run.now).unwrap_or_default();
            times.expected(row).saturating_sub(elapsed)
        })
        .collect();
    let lanes = run.cap().get().max(1);
    let work: Duration = left.iter().sum();
    let longest = left.into_iter().max().unwrap_or_default();
    Some((work / lanes).max(longest))
}
