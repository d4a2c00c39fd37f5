//! Cancelling and the stop ladder: soft, then hard after the grace.

use super::Scheduler;
use crate::model::{CallId, Epoch, Outcome, StopCause};
use crate::sched::auto::AttemptUsage;
use crate::sched::call_record::CallStage;
use crate::sched::effect::{Effect, Reason, StopSignal};
use crate::sched::input::Force;
use crate::sched::lanes::OrderedStop;
use crate::sched::timer::TimerOwner;

impl Scheduler {
    pub(super) fn cancel(&mut self, id: CallId, cause: StopCause, force: Force) {
        let Some(record) = self.calls.get(id) else {
            return;
        };
        match record.stage {
            CallStage::Ended(_) => {}
            CallStage::Active { lane } => self.order_stop(lane, cause, force),
            _ => {
                let reason = match cause {
                    StopCause::Shutdown => Reason::Shutdown,
                    _ => Reason::User,
                };
                self.finish(id, Outcome::Cancelled, reason);
            }
        }
    }

    /// Orders a stop. One that was ordered before goes on with the stronger
    /// cause, and asked for again it becomes hard.
    fn order_stop(&mut self, lane: u32, cause: StopCause, force: Force) {
        let now = self.now;
        let Some(attempt) = self.lanes.get_mut(lane) else {
            return;
        };
        let grace = attempt.timeouts.grace;
        let is_hard = force == Force::Kill || attempt.stop.is_some() || grace.is_zero();
        match &mut attempt.stop {
            Some(stop) => {
                stop.cause = stop.cause.max(cause);
                if stop.hard_at.take().is_none() {
                    return;
                }
            }
            stop => {
                *stop = Some(OrderedStop {
                    cause,
                    hard_at: (!is_hard).then(|| now.plus(grace)),
                    is_unsent: attempt.started.is_none(),
                });
            }
        }
        self.send_stop(lane);
    }

    /// Passes the signal of an attempt's stop on, unless its process is not
    /// known yet.
    fn send_stop(&mut self, lane: u32) {
        self.rearm(lane);
        let Some(attempt) = self.lanes.get(lane) else {
            return;
        };
        let Some(stop) = attempt.stop.filter(|stop| !stop.is_unsent) else {
            return;
        };
        self.effects.push(Effect::Stop {
            id: attempt.call,
            epoch: attempt.epoch,
            signal: if stop.hard_at.is_some() {
                StopSignal::Soft
            } else {
                StopSignal::Hard
            },
        });
    }

    pub(super) fn attempt_started(&mut self, id: CallId, epoch: Epoch) {
        let now = self.now;
        let Some(lane) = self.current(id, epoch) else {
            return;
        };
        let Some(attempt) = self.lanes.get_mut(lane).filter(|at| at.started.is_none()) else {
            return;
        };
        attempt.started = Some(now);
        attempt.usage = AttemptUsage::begin(now);
        attempt.last_output = now;
        let grace = attempt.timeouts.grace;
        match &mut attempt.stop {
            // The grace counts from the moment the process can be told.
            Some(stop) if stop.is_unsent => {
                stop.is_unsent = false;
                stop.hard_at = stop.hard_at.map(|_| now.plus(grace));
                self.send_stop(lane);
            }
            _ => self.rearm(lane),
        }
    }

    pub(super) fn output_seen(&mut self, id: CallId, epoch: Epoch) {
        let now = self.now;
        let Some(lane) = self.current(id, epoch) else {
            return;
        };
        if let Some(attempt) = self.lanes.get_mut(lane) {
            attempt.last_output = now;
            self.rearm(lane);
        }
    }

    pub(super) fn question_asked(&mut self, id: CallId, epoch: Epoch) {
        let now = self.now;
        let Some(lane) = self.current(id, epoch) else {
            return;
        };
        if let Some(attempt) = self.lanes.get_mut(lane) {
            attempt.asked_since.get_or_insert(now);
            self.rearm(lane);
        }
    }

    pub(super) fn question_answered(&mut self, id: CallId, epoch: Epoch) {
        let now = self.now;
        let Some(lane) = self.current(id, epoch) else {
            return;
        };
        if let Some(attempt) = self.lanes.get_mut(lane) {
            attempt.answered(now);
            self.rearm(lane);
        }
    }

    /// Sets the timer of an attempt to its nearest deadline.
    fn rearm(&mut self, lane: u32) {
        if let Some(attempt) = self.lanes.get_mut(lane) {
            let due = attempt.next_deadline();
            self.timers
                .set(TimerOwner::Lane(lane), &mut attempt.due, due);
        }
    }

    /// A deadline of an attempt has come: a timeout, or its hard stop.
    pub(super) fn fire_attempt(&mut self, lane: u32) {
        let now = self.now;
        let Some(attempt) = self.lanes.get_mut(lane) else {
            debug_assert!(false, "a deadline of empty lane {lane}");
            return;
        };
        if let Some(stop) = &mut attempt.stop {
            stop.hard_at = None;
            // A start that takes so long is ended as it is.
            stop.is_unsent = false;
            self.send_stop(lane);
        } else if let Some(cause) = attempt.passed_timeout(now) {
            self.order_stop(lane, cause, Force::Ladder);
        } else {
            self.rearm(lane);
        }
    }

    /// Stops everything by the ladder; a second time, kills.
    pub(super) fn shut_down(&mut self) {
        let force = self.control.shut_down();
        self.end_waiting(Outcome::Cancelled, Reason::Shutdown);
        let lanes: Vec<(u32, bool)> = self
            .lanes
            .attempts()
            .map(|(lane, attempt)| (lane, attempt.stop.is_some()))
            .collect();
        for (lane, is_stopping) in lanes {
            if is_stopping && force == Force::Ladder {
                self.escalate_cause(lane, StopCause::Shutdown);
            } else {
                self.order_stop(lane, StopCause::Shutdown, force);
            }
        }
    }

    fn escalate_cause(&mut self, lane: u32, cause: StopCause) {
        if let Some(stop) = self
            .lanes
            .get_mut(lane)
            .and_then(|attempt| attempt.stop.as_mut())
        {
            stop.cause = stop.cause.max(cause);
        }
    }

    /// Ends what waits and lets running calls finish.
    pub(super) fn drain(&mut self) {
        self.control.drain();
        self.end_waiting(Outcome::Cancelled, Reason::Drain);
    }
}
