//! Attempts that only wait: no process, no output.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{self, Instant};

use super::report::Reporter;
use super::{AttemptEvent, StopTokens};
use crate::model::{CallId, Ending, Epoch, Outcome};

/// Starts an attempt that waits `run` and succeeds, or ends early as stopped
/// when either token fires. Its events are those of a process without pid.
///
/// Must be called within a tokio runtime.
pub fn wait_attempt(
    call: CallId,
    epoch: Epoch,
    run: Duration,
    stop: StopTokens,
    events: mpsc::Sender<AttemptEvent>,
) {
    let due = Instant::now() + run;
    let reporter = Reporter::new(call, epoch, events);
    tokio::spawn(async move {
        reporter.started(None).await;
        let ending = tokio::select! {
            biased;
            () = stop.hard.cancelled() => stopped(),
            () = stop.soft.cancelled() => stopped(),
            () = time::sleep_until(due) => Ending::plain(Outcome::Succeeded),
        };
        reporter.ended(ending).await;
    });
}

fn stopped() -> Ending {
    Ending {
        reason: Some("stopped".to_owned()),
        ..Ending::plain(Outcome::Failed)
    }
}
