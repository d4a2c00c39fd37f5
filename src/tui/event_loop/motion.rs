//! When the screen changes although nothing happened: clocks, countdowns and
//! messages that go away.

use std::time::Duration;

use crate::model::{CallState, StopStep};
use crate::tui::state::State;
use crate::tui::text::wait::counts_down;

/// How much moves by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Motion {
    /// Tenths of seconds count where they matter.
    #[default]
    Full,
    /// Clocks move once a second.
    Reduced,
}

/// Tenths of seconds are shown moving up to this run time.
const TENTHS_UP_TO: Duration = Duration::from_secs(10);

const TENTH: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

/// Between two readings of the machine on the screen while nothing runs.
const IDLE_GAUGES: Duration = Duration::from_secs(2);

/// When the screen changes next by the passing of time alone.
pub fn next_change(state: &State, motion: Motion) -> Option<Duration> {
    let now = state.now;
    let pending = state.keys.ends_at();
    let attention = state.attention.ends_at();
    let freezes = state.is_idle() && now < attention;
    let ends = [
        state.toasts.changes_at(now),
        state.armed.map(|armed| armed.until),
        pending,
        state.cap.forecast(now).map(|forecast| forecast.until),
        freezes.then_some(attention),
    ];
    let clocks = (!state.is_idle()).then(|| now + pace(state, motion));
    // The time an experiment has left counts in seconds.
    let left = state.is_experimenting().then(|| now + SECOND);
    let clocks = clocks.into_iter().chain(left).min();
    ends.into_iter().chain([clocks]).flatten().min()
}

/// Time between two positions of the clocks.
fn pace(state: &State, motion: Motion) -> Duration {
    if motion == Motion::Reduced || !state.attention.is_focused() {
        return SECOND;
    }
    let run = &state.run;
    let now = state.run_now();
    let mut busy = run.lanes.iter().flatten().filter_map(|id| run.row(*id));
    let is_young = busy.any(|row| match row.state {
        CallState::Stopping { step, .. } => matches!(step, StopStep::Soft { .. }),
        _ => row
            .elapsed(now)
            .is_some_and(|elapsed| elapsed < TENTHS_UP_TO),
    });
    let mut first_waiting = run.queue.iter().take(64).filter_map(|id| run.row(*id));
    let counts = is_young || first_waiting.any(|row| row.wait.as_ref().is_some_and(counts_down));
    if counts { TENTH } else { SECOND }
}

/// When a new snapshot is worth a frame, if the last one was drawn at `drawn`.
/// `None` while the dashboard is idle and unwatched and only gauges changed.
pub fn snapshot_frame(state: &State, drawn: Duration, is_gauges_only: bool) -> Option<Duration> {
    if !is_gauges_only {
        return Some(state.now);
    }
    if state.is_frozen() {
        return None;
    }
    if state.is_idle() {
        return Some(drawn + IDLE_GAUGES);
    }
    let is_watched = state.attention.is_focused();
    Some(if is_watched {
        state.now
    } else {
        drawn + SECOND
    })
}
