//! Attempts that only wait: no process, no output.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{self, Instant};

use super::reporter::Reporter;
use super::{AttemptEvent, StopTokens};
use crate::model::{CallId, Ending, Epoch, Outcome};

/// Starts an attempt that waits `run` and succeeds, or ends early as stopped
/// when either token fires. Its time does not run while `pause` is true. Its
/// events are those of a process without pid.
///
/// Must be called within a tokio runtime.
pub fn wait_attempt(
    call: CallId,
    epoch: Epoch,
    run: Duration,
    pause: watch::Receiver<bool>,
    stop: StopTokens,
    events: mpsc::Sender<AttemptEvent>,
) {
    let reporter = Reporter::new(call, epoch, events);
    let time = pausable_sleep(run, pause);
    tokio::spawn(async move {
        reporter.started(None).await;
        let ending = tokio::select! {
            biased;
            () = stop.hard.cancelled() => stopped(),
            () = stop.soft.cancelled() => stopped(),
            () = time => Ending::plain(Outcome::Succeeded),
        };
        reporter.ended(ending).await;
    });
}

/// Sleeps for `left`, not counting the time for which `pause` is true. The
/// first stretch counts from the call of this function, not from its first poll.
fn pausable_sleep(
    mut left: Duration,
    mut pause: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send {
    let mut since = Instant::now();
    async move {
        // The timer counts in milliseconds, and would round no time up to one.
        while !left.is_zero() {
            tokio::select! {
                biased;
                Ok(_) = pause.wait_for(|is_paused| *is_paused) => {}
                () = time::sleep_until(since + left) => return,
            }
            left = left.saturating_sub(since.elapsed());
            // Without a sender nothing would ever resume.
            if pause.wait_for(|is_paused| !*is_paused).await.is_err() {
                return;
            }
            since = Instant::now();
        }
    }
}

fn stopped() -> Ending {
    Ending {
        reason: Some("stopped".to_owned()),
        ..Ending::plain(Outcome::Failed)
    }
}
