//! The end of a server whose agent is gone, or was told to end: a little faster
//! than the agents' own patience.

use std::time::Duration;

use crate::exec::StopTokens;

/// Time from the end of the server's input to SIGTERM, and to SIGKILL. Agents
/// kill what they started after 2 s.
const TERM_AFTER: Duration = Duration::from_secs(1);
const KILL_AFTER: Duration = Duration::from_millis(1500);

/// The steps of an ending.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    began: Option<Duration>,
}

impl Ladder {
    /// Begins, unless it has begun.
    pub(super) fn begin(&mut self, now: Duration) {
        self.began.get_or_insert(now);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.began.is_some()
    }

    /// Returns the time of the next step.
    pub(super) fn deadline(&self, stop: &StopTokens) -> Option<Duration> {
        let began = self.began?;
        if stop.hard.is_cancelled() {
            None
        } else if stop.soft.is_cancelled() {
            Some(began + KILL_AFTER)
        } else {
            Some(began + TERM_AFTER)
        }
    }

    /// Takes the steps that are due.
    pub(super) fn step(&self, now: Duration, stop: &StopTokens) {
        let since = self.began.map(|began| now.saturating_sub(began));
        if since.is_some_and(|since| since >= TERM_AFTER) {
            stop.soft.cancel();
        }
        if since.is_some_and(|since| since >= KILL_AFTER) {
            stop.hard.cancel();
        }
    }
}
