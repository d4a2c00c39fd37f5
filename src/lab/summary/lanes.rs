//! Lanes in use over time.

use std::sync::Arc;
use std::time::Duration;

use crate::model::Snapshot;

/// Returns how many lanes were busy on average in each of `columns` equal
/// stretches between two times.
pub fn busy_lanes(run: &Snapshot, from: Duration, to: Duration, columns: usize) -> Vec<f64> {
    let length = to.saturating_sub(from).as_secs_f64();
    let mut busy = vec![0.0; columns];
    if length <= 0.0 || columns == 0 {
        return busy;
    }
    let width = length / columns as f64;
    let place = |time: Duration| {
        let inside = time.clamp(from, to).saturating_sub(from).as_secs_f64();
        inside / width
    };
    for attempt in run
        .round_rows()
        .map(Arc::as_ref)
        .flat_map(|row| &row.attempts)
    {
        let (start, end) = (place(attempt.started), place(attempt.ended.unwrap_or(to)));
        let first = start.floor() as usize;
        let last = (end.ceil() as usize).min(columns);
        let columns = busy.iter_mut().enumerate().take(last).skip(first);
        for (column, lanes) in columns {
            let (left, right) = (column as f64, column as f64 + 1.0);
            *lanes += (end.min(right) - start.max(left)).max(0.0);
        }
    }
    busy
}
