//! The lanes and the attempts in them.

use std::time::Duration;

use super::auto::AttemptUsage;
use super::moment::Moment;
use crate::model::{AttemptNo, CallId, Epoch, StopCause, Timeouts};

/// How far past its deadline an attempt may be found without being stopped for
/// it: a runner that was itself held up has not read yet that the attempt
/// printed or ended meanwhile.
const STALL: Duration = Duration::from_secs(1);
/// Time that an attempt found so long past its run time limit has until it is
/// looked at again.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// One attempt between its start being ordered and its end.
#[derive(Debug, Clone)]
pub(super) struct ActiveAttempt {
    pub call: CallId,
    pub epoch: Epoch,
    pub number: AttemptNo,
    /// When its start was ordered.
    pub ordered: Moment,
    /// Expected run time, rounded up as those of backfill candidates.
    pub expected: Duration,
    /// Virtual time that its group was charged, in nanoseconds of one lane.
    pub charged: u64,
    /// Use of cores and memory that readings of it show.
    pub usage: AttemptUsage,
    /// Time the machine had stalled when it was ordered, in seconds.
    pub stalled: Option<f64>,
    /// When its process had started.
    pub started: Option<Moment>,
    /// When it last printed something, or started.
    pub last_output: Moment,
    /// End of its run time limit where that was put off, see [`SECOND_LOOK`].
    pub second_look: Option<Moment>,
    /// Since when its server waits for an answer from outside.
    pub asked_since: Option<Moment>,
    /// Time in which its server waited for answers before.
    pub asked_time: Duration,
    pub timeouts: Timeouts,
    pub stop: Option<OrderedStop>,
    /// Its entry among the timers.
    pub due: Moment,
}

/// A stop that was ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OrderedStop {
    pub cause: StopCause,
    /// When the hard stop is due; `None` once it was ordered.
    pub hard_at: Option<Moment>,
    /// Whether the stop is still to be sent: no process was known when it was
    /// ordered.
    pub is_unsent: bool,
}

impl ActiveAttempt {
    /// Its nearest deadline.
    pub(super) fn next_deadline(&self) -> Moment {
        if let Some(stop) = self.stop {
            return stop.hard_at.unwrap_or(Moment::NEVER);
        }
        if self.started.is_none() || self.asked_since.is_some() {
            return Moment::NEVER;
        }
        let idle = self.timeouts.idle;
        let idle_ends = idle.map_or(Moment::NEVER, |limit| self.last_output.plus(limit));
        self.run_ends().unwrap_or(Moment::NEVER).min(idle_ends)
    }

    /// Moment at which its run time limit is over.
    fn run_ends(&self) -> Option<Moment> {
        let limit = self.timeouts.run?;
        let limit = limit.saturating_add(self.asked_time);
        self.second_look.or(Some(self.started?.plus(limit)))
    }

    /// Ends the wait of its server for an answer. The time without output
    /// begins anew.
    pub(super) fn answered(&mut self, now: Moment) {
        if let Some(since) = self.asked_since.take() {
            self.asked_time += now.since(since);
            self.last_output = now;
            self.second_look = None;
        }
    }

    /// When it is expected to end. One that is overdue is taken to need as
    /// long again.
    pub(super) fn expected_end(&self, now: Moment) -> Moment {
        let end = self.ordered.plus(self.expected);
        if end > now {
            end
        } else {
            now.plus(now.since(self.ordered))
        }
    }

    /// Returns the timeout that has passed. An idle timeout that is found long
    /// after it was due starts again instead; a run timeout is looked at once
    /// more.
    pub(super) fn passed_timeout(&mut self, now: Moment) -> Option<StopCause> {
        if let Some(ends) = self.run_ends().filter(|ends| *ends <= now) {
            if self.second_look.is_some() || now.since(ends) <= STALL {
                return Some(StopCause::RunTimeout);
            }
            self.second_look = Some(now.plus(SECOND_LOOK));
        }
        let idle_ends = self.last_output.plus(self.timeouts.idle?);
        if idle_ends > now {
            return None;
        }
        if now.since(idle_ends) > STALL {
            self.last_output = now;
            return None;
        }
        Some(StopCause::IdleTimeout)
    }
}

/// The lanes of the run. Lanes above the cap exist only while they drain.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    attempts: Vec<Option<ActiveAttempt>>,
    calls: Vec<Option<CallId>>,
    busy: u32,
}

impl Lanes {
    /// Makes at least as many lanes as the cap, and drops empty ones above it.
    pub(super) fn fit(&mut self, cap: u32) {
        if self.calls.len() == cap as usize {
            return;
        }
        let last_busy = self.calls.iter().rposition(Option::is_some);
        let count = (cap as usize).max(last_busy.map_or(0, |last| last + 1));
        self.calls.resize(count, None);
        self.attempts.resize(count, None);
    }

    /// How many are busy.
    pub(super) fn busy(&self) -> u32 {
        self.busy
    }

    /// The call in each lane.
    pub(super) fn calls(&self) -> &[Option<CallId>] {
        &self.calls
    }

    /// The attempt in a lane.
    pub(super) fn get(&self, lane: u32) -> Option<&ActiveAttempt> {
        self.attempts.get(lane as usize)?.as_ref()
    }

    /// The attempt in a lane, to change it.
    pub(super) fn get_mut(&mut self, lane: u32) -> Option<&mut ActiveAttempt> {
        self.attempts.get_mut(lane as usize)?.as_mut()
    }

    /// Every attempt, by lane.
    pub(super) fn attempts(&self) -> impl Iterator<Item = (u32, &ActiveAttempt)> {
        let lanes = (0u32..).zip(&self.attempts);
        lanes.filter_map(|(lane, attempt)| Some((lane, attempt.as_ref()?)))
    }

    /// One lane more, where all are busy.
    pub(super) fn widen(&mut self) {
        if self.busy as usize == self.calls.len() {
            self.calls.push(None);
            self.attempts.push(None);
        }
    }

    /// The free lane with the lowest number.
    pub(super) fn lowest_free(&self) -> Option<u32> {
        let free = self.calls.iter().position(Option::is_none)?;
        Some(free as u32)
    }

    /// Puts an attempt into a free lane.
    pub(super) fn occupy(&mut self, lane: u32, attempt: ActiveAttempt) {
        debug_assert!(self.get(lane).is_none());
        self.calls[lane as usize] = Some(attempt.call);
        self.attempts[lane as usize] = Some(attempt);
        self.busy += 1;
    }

    /// Takes the attempt out of a lane.
    pub(super) fn vacate(&mut self, lane: u32) -> Option<ActiveAttempt> {
        let attempt = self.attempts.get_mut(lane as usize)?.take()?;
        self.calls[lane as usize] = None;
        self.busy -= 1;
        Some(attempt)
    }
}
