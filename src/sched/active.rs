//! The lanes and the attempts in them.

use std::time::Duration;

use super::timer::NEVER;
use crate::model::{AttemptNo, CallId, Epoch, StopCause, Timeouts};

/// How far past its idle deadline an attempt may be found without being
/// stopped for it: a runner that was itself held up has not read the output
/// that came meanwhile.
const STALL: Duration = Duration::from_secs(1);

/// One attempt between its start being ordered and its end.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub call: CallId,
    pub epoch: Epoch,
    pub number: AttemptNo,
    /// When its process was there.
    pub started: Option<Duration>,
    /// When it last showed a sign of life.
    pub last_output: Duration,
    pub timeouts: Timeouts,
    pub stop: Option<Stop>,
    /// Its entry among the timers.
    pub due: Duration,
}

/// A stop that was ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    pub cause: StopCause,
    /// When the hard stop is due; `None` once it was ordered.
    pub hard_at: Option<Duration>,
    /// Whether a stop still has to be told, because no process was known yet
    /// when it was ordered.
    pub is_untold: bool,
}

impl Attempt {
    /// Its nearest deadline.
    pub(super) fn next_deadline(&self) -> Duration {
        if let Some(stop) = self.stop {
            return stop.hard_at.unwrap_or(NEVER);
        }
        let Some(started) = self.started else {
            return NEVER;
        };
        let run = self.timeouts.run.map(|limit| started.saturating_add(limit));
        let idle = self.timeouts.idle;
        let idle = idle.map(|limit| self.last_output.saturating_add(limit));
        run.unwrap_or(NEVER).min(idle.unwrap_or(NEVER))
    }

    /// The timeout that has passed. An idle timeout that is found long after
    /// it was due starts again instead.
    pub(super) fn passed_timeout(&mut self, now: Duration) -> Option<StopCause> {
        let started = self.started?;
        let is_over = |since: Duration, limit: Option<Duration>| {
            limit.is_some_and(|limit| since.saturating_add(limit) <= now)
        };
        if is_over(started, self.timeouts.run) {
            return Some(StopCause::RunTimeout);
        }
        let idle = self.timeouts.idle?;
        if !is_over(self.last_output, Some(idle)) {
            return None;
        }
        if now.saturating_sub(self.last_output + idle) > STALL {
            self.last_output = now;
            return None;
        }
        Some(StopCause::IdleTimeout)
    }
}

/// The lanes of the run. Lanes above the cap exist only while they drain.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    attempts: Vec<Option<Box<Attempt>>>,
    calls: Vec<Option<CallId>>,
    busy: u32,
}

impl Lanes {
    /// Makes at least as many lanes as the cap, and drops empty ones above it.
    pub(super) fn fit(&mut self, cap: u32) {
        let last_busy = self.calls.iter().rposition(Option::is_some);
        let count = (cap as usize).max(last_busy.map_or(0, |last| last + 1));
        self.calls.resize(count, None);
        self.attempts.resize(count, None);
    }

    /// How many are busy.
    pub(super) fn busy(&self) -> u32 {
        self.busy
    }

    /// Who is in each lane.
    pub(super) fn calls(&self) -> &[Option<CallId>] {
        &self.calls
    }

    /// The attempt in a lane.
    pub(super) fn get(&self, lane: u32) -> Option<&Attempt> {
        self.attempts.get(lane as usize)?.as_deref()
    }

    /// The attempt in a lane, to change it.
    pub(super) fn get_mut(&mut self, lane: u32) -> Option<&mut Attempt> {
        self.attempts.get_mut(lane as usize)?.as_deref_mut()
    }

    /// Every attempt, by lane.
    pub(super) fn attempts(&self) -> impl Iterator<Item = (u32, &Attempt)> {
        let lanes = (0u32..).zip(&self.attempts);
        lanes.filter_map(|(lane, attempt)| Some((lane, attempt.as_deref()?)))
    }

    /// The free lane with the lowest number.
    pub(super) fn lowest_free(&self) -> Option<u32> {
        let free = self.calls.iter().position(Option::is_none)?;
        Some(free as u32)
    }

    /// Puts an attempt into a free lane.
    pub(super) fn occupy(&mut self, lane: u32, attempt: Attempt) {
        debug_assert!(self.get(lane).is_none());
        self.calls[lane as usize] = Some(attempt.call);
        self.attempts[lane as usize] = Some(Box::new(attempt));
        self.busy += 1;
    }

    /// Takes the attempt out of a lane.
    pub(super) fn vacate(&mut self, lane: u32) -> Option<Attempt> {
        let attempt = self.attempts.get_mut(lane as usize)?.take()?;
        self.calls[lane as usize] = None;
        self.busy -= 1;
        Some(*attempt)
    }
}
