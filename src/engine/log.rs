//! Events of a run in the log for bug reports. Names, times and outcomes only:
//! arguments, outputs and reasons may hold secrets.

use std::time::Duration;

use crate::model::EventKind;

/// Logs an event; `t` is its time on the run's clock. Costs nothing to speak of
/// while there is no log.
pub(super) fn log(t: Duration, what: &EventKind) {
    match what {
        EventKind::RunStarted { run, calls, .. } => {
            tracing::info!(?t, %run, calls, "run started");
        }
        EventKind::CallStarted {
            call,
            attempt,
            lane,
            pid,
            ..
        } => {
            tracing::info!(?t, %call, attempt = attempt.0, lane = lane.0, ?pid, "attempt started");
        }
        EventKind::CallWaiting {
            call,
            ended: Some(ended),
            ..
        } => {
            tracing::info!(?t, %call, outcome = %ended.outcome, "attempt ended, another follows");
        }
        EventKind::CapChanged { step } => tracing::info!(?t, %step, "cap changed"),
        EventKind::CallStopping {
            call, cause, step, ..
        } => {
            tracing::info!(?t, %call, ?cause, ?step, "call stopping");
        }
        EventKind::CallEnded {
            call,
            outcome,
            took,
            ..
        } => {
            tracing::info!(?t, %call, %outcome, ?took, "call ended");
        }
        EventKind::RunEnded { wall, .. } => tracing::info!(?t, ?wall, "run ended"),
        EventKind::CallQueued { .. }
        | EventKind::CallWaiting { .. }
        | EventKind::Output { .. }
        | EventKind::CallSampled { .. }
        | EventKind::MachineSampled { .. } => {}
    }
}
