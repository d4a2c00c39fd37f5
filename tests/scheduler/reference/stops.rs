//! The reference's stops, ends and deadlines.

use std::time::Duration;

use fanout::model::{AttemptNo, CallId, Epoch, Outcome, RunPhase, StopCause};
use fanout::sched::{AttemptResult, CallSpec, Effect, Force, Reason, StopSignal};
use rand_core::Rng;

use super::{Attempt, Reference, Stage, Stop, id};

/// How far past its idle deadline an attempt may be found without being
/// stopped for it.
const STALL: Duration = Duration::from_secs(1);
const SECOND_LOOK: Duration = Duration::from_secs(1);

impl Reference {
    pub(super) fn question_asked(&mut self, id: CallId, epoch: Epoch) {
        let now = self.now;
        if let Some(attempt) = self.attempt(id, epoch) {
            attempt.asked_since.get_or_insert(now);
        }
    }

    pub(super) fn question_answered(&mut self, id: CallId, epoch: Epoch) {
        let now = self.now;
        if let Some(attempt) = self.attempt(id, epoch)
            && let Some(since) = attempt.asked_since.take()
        {
            attempt.asked_time += now.saturating_sub(since);
            attempt.last_output = now;
            attempt.second_look = None;
        }
    }

    pub(super) fn cancel(&mut self, id: CallId, cause: StopCause, force: Force) {
        let Some(call) = self.calls.get(id.index()) else {
            return;
        };
        match call.stage {
            Stage::Ended(_) => {}
            Stage::Active(_) => self.order_stop(id, cause, force),
            _ if cause == StopCause::Shutdown => {
                self.finish(id, Outcome::Cancelled, Reason::Shutdown);
            }
            _ => self.finish(id, Outcome::Cancelled, Reason::User),
        }
    }

    pub(super) fn order_stop(&mut self, id: CallId, cause: StopCause, force: Force) {
        let now = self.now;
        let call = &mut self.calls[id.index()];
        let grace = call.spec.timeouts.grace;
        let Stage::Active(attempt) = &mut call.stage else {
            return;
        };
        let epoch = Epoch(attempt.epoch);
        let is_first = attempt.stop.is_none();
        let is_hard = !is_first || force == Force::Kill || grace.is_zero();
        let is_told = attempt.started.is_some();
        let stop = attempt.stop.get_or_insert(Stop {
            cause,
            hard_at: (!is_hard).then(|| now + grace),
            is_told,
        });
        stop.cause = stop.cause.max(cause);
        let was_soft = stop.hard_at.is_some();
        if !is_first {
            stop.hard_at = None;
        }
        if stop.is_told && (is_first || was_soft) {
            let signal = if is_hard {
                StopSignal::Hard
            } else {
                StopSignal::Soft
            };
            self.effects.push(Effect::Stop { id, epoch, signal });
        }
    }

    pub(super) fn attempt_started(&mut self, id: CallId, epoch: Epoch) {
        let now = self.now;
        let grace = self
            .calls
            .get(id.index())
            .map(|call| call.spec.timeouts.grace);
        let Some(attempt) = self.attempt(id, epoch) else {
            return;
        };
        if attempt.started.is_some() {
            return;
        }
        attempt.started = Some(now);
        attempt.last_output = now;
        let Some(stop) = attempt.stop.as_mut().filter(|stop| !stop.is_told) else {
            return;
        };
        stop.is_told = true;
        stop.hard_at = stop.hard_at.and(grace).map(|grace| now + grace);
        let signal = if stop.hard_at.is_some() {
            StopSignal::Soft
        } else {
            StopSignal::Hard
        };
        self.effects.push(Effect::Stop { id, epoch, signal });
    }

    pub(super) fn attempt_ended(&mut self, id: CallId, epoch: Epoch, end: AttemptResult) {
        let Some(attempt) = self.attempt(id, epoch).cloned() else {
            return;
        };
        self.correct_share(id, &attempt);
        if let (Some(time), Some(tool)) = (end.retry_after, self.tool_of(id)) {
            self.tool_log.push((tool, self.now, Some(time)));
        }
        let spec = self.calls[id.index()].spec.clone();
        let (outcome, reason) = judge(&spec, &attempt, end);
        let number = self.calls[id.index()].attempts;
        let is_again = matches!(outcome, Outcome::Failed | Outcome::TimedOut)
            && end.is_retryable
            && number <= spec.retries
            && matches!(self.phase(), RunPhase::Open | RunPhase::Paused);
        if !is_again {
            self.finish(id, outcome, reason);
            return;
        }
        let limit_us = (500_000u64 << (number - 1).min(16)).min(30_000_000);
        let drawn = self.settings.generator.next_u64();
        let delay = (u128::from(drawn) * u128::from(limit_us + 1)) >> 64;
        let delay = Duration::from_micros(delay as u64).max(end.retry_after.unwrap_or_default());
        let call = &mut self.calls[id.index()];
        call.not_before = self.now + delay;
        call.last = Some(outcome);
        call.stage = Stage::Backoff;
        self.effects.push(Effect::Retry {
            id,
            after: AttemptNo(number),
            outcome,
            at: call.not_before,
        });
    }

    pub(super) fn shut_down(&mut self) {
        let is_second = self.is_shutting_down;
        self.is_shutting_down = true;
        self.end_waiting(Outcome::Cancelled, Reason::Shutdown);
        for call in self.by_lane() {
            let Stage::Active(attempt) = &mut self.calls[call.index()].stage else {
                continue;
            };
            match &mut attempt.stop {
                Some(stop) if !is_second => stop.cause = stop.cause.max(StopCause::Shutdown),
                _ if is_second => self.order_stop(call, StopCause::Shutdown, Force::Kill),
                _ => self.order_stop(call, StopCause::Shutdown, Force::Ladder),
            }
        }
    }
}

fn judge(spec: &CallSpec, attempt: &Attempt, end: AttemptResult) -> (Outcome, Reason) {
    if matches!(end.outcome, Outcome::Unconfirmed | Outcome::Lost) {
        return (end.outcome, Reason::Ending);
    }
    let limit = |limit: Option<Duration>| limit.unwrap_or_default();
    match attempt.stop.map(|stop| stop.cause) {
        None => (end.outcome, Reason::Ending),
        Some(StopCause::User) => (Outcome::Cancelled, Reason::User),
        Some(StopCause::Shutdown) => (Outcome::Cancelled, Reason::Shutdown),
        Some(StopCause::RunTimeout) => {
            let limit = limit(spec.timeouts.run);
            (Outcome::TimedOut, Reason::RunTimeout { limit })
        }
        Some(StopCause::IdleTimeout) => {
            let limit = limit(spec.timeouts.idle);
            (Outcome::TimedOut, Reason::IdleTimeout { limit })
        }
    }
}

/// Whose deadline is next; of equal ones lanes come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fire {
    Lane(usize, CallId),
    Call(CallId),
}

impl Reference {
    pub(crate) fn next_fire(&self) -> Option<(Duration, Fire)> {
        let fires = (0..self.calls.len()).filter_map(|index| {
            let call = &self.calls[index];
            let due = match &call.stage {
                Stage::Active(attempt) => {
                    let due = attempt_due(&call.spec, attempt)?;
                    return Some((due, Fire::Lane(attempt.lane, id(index))));
                }
                Stage::Backoff => call.not_before,
                Stage::Ready if call.attempts == 0 => call.ready_at? + call.spec.timeouts.queue?,
                Stage::Waiting
                    if call.are_locks_known && !self.has_open_parents(id(index), &self.ended) =>
                {
                    call.not_before
                }
                _ => return None,
            };
            Some((due, Fire::Call(id(index))))
        });
        fires.min()
    }

    pub(super) fn fire_attempt(&mut self, id: CallId) {
        let now = self.now;
        let call = &mut self.calls[id.index()];
        let limits = call.spec.timeouts;
        let Stage::Active(attempt) = &mut call.stage else {
            return;
        };
        if let Some(stop) = &mut attempt.stop {
            stop.hard_at = None;
            stop.is_told = true;
            let epoch = Epoch(attempt.epoch);
            let signal = StopSignal::Hard;
            self.effects.push(Effect::Stop { id, epoch, signal });
            return;
        }
        let run_ends = attempt.started.zip(limits.run).map(|(at, limit)| {
            attempt
                .second_look
                .unwrap_or(at + limit + attempt.asked_time)
        });
        if let Some(end) = run_ends.filter(|end| *end <= now) {
            if attempt.second_look.is_some() || now <= end + STALL {
                self.order_stop(id, StopCause::RunTimeout, Force::Ladder);
                return;
            }
            attempt.second_look = Some(now + SECOND_LOOK);
            let idle_ends = limits.idle.map(|limit| attempt.last_output + limit);
            if idle_ends.is_none_or(|end| end > now) {
                return;
            }
        }
        let idle_ends = attempt.last_output + limits.idle.unwrap_or_default();
        if now > idle_ends + STALL {
            attempt.last_output = now;
        } else {
            self.order_stop(id, StopCause::IdleTimeout, Force::Ladder);
        }
    }

    pub(super) fn fire_waiting(&mut self, id: CallId) {
        let call = &self.calls[id.index()];
        match call.stage {
            Stage::Ready => {
                let limit = call.spec.timeouts.queue.unwrap_or_default();
                self.finish(id, Outcome::TimedOut, Reason::QueueTimeout { limit });
            }
            _ => self.make_ready(id),
        }
    }
}

fn attempt_due(spec: &CallSpec, attempt: &Attempt) -> Option<Duration> {
    if let Some(stop) = attempt.stop {
        return stop.hard_at;
    }
    if attempt.asked_since.is_some() {
        return None;
    }
    let run = spec.timeouts.run.zip(attempt.started).map(|(limit, at)| {
        attempt
            .second_look
            .unwrap_or(at + limit + attempt.asked_time)
    });
    let idle = spec.timeouts.idle.and(attempt.started);
    let idle = idle
        .and(spec.timeouts.idle)
        .map(|limit| attempt.last_output + limit);
    run.into_iter().chain(idle).min()
}
