//! Time at the gate: how long the agent waits, signs of life, and what is due.

use std::time::Duration;

use super::call::{AgentClock, OpenCall, Phase};
use super::{Gate, own_messages};
use crate::exec::proxy::frames::{By, ShimCall};

/// Time before the agent's limit at which a call is let go.
const SPARE: Duration = Duration::from_secs(5);

/// Time between two signs of life at most, and where the limit is unknown.
const LONGEST_BEAT: Duration = Duration::from_secs(5);
const USUAL_BEAT: Duration = Duration::from_secs(1);

/// Time that a server has to answer a call that it was told to stop.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Tools whose usual time is remembered.
const MOST_TOOLS: usize = 1024;

impl AgentClock {
    /// Sets the time at which the call is let go, by the tool's usual run time.
    fn set_let_go(&mut self, usual: Duration) {
        self.let_go_at = self.limit.map(|limit| {
            let spare = SPARE.max(usual * 2);
            let wait = limit.saturating_sub(spare);
            self.since + wait.clamp(limit / 10, limit / 10 * 9)
        });
    }

    fn pause(&self) -> Duration {
        self.limit
            .map_or(USUAL_BEAT, |limit| LONGEST_BEAT.min(limit / 3))
    }
}

impl Gate {
    /// Returns the next time at which [`tick`](Self::tick) has something to do.
    pub(in crate::exec::proxy) fn next_deadline(&self) -> Option<Duration> {
        let calls = self.timed.iter().filter_map(|call| self.calls.get(call));
        calls.filter_map(|call| self.due(call)).min()
    }

    fn due(&self, call: &OpenCall) -> Option<Duration> {
        let let_go = call.clock.let_go_at.filter(|_| self.lets_go());
        match &call.phase {
            Phase::Waiting(_) | Phase::Held { .. } => {
                let beat = call.clock.next_beat;
                [let_go, beat].into_iter().flatten().min()
            }
            Phase::AnswerHeld { .. } => let_go,
            Phase::Stopping(stopping) => Some(stopping.since + STOP_WITHIN),
            Phase::Sent => None,
        }
    }

    /// Does what is due.
    pub(in crate::exec::proxy) fn tick(&mut self, now: Duration) {
        let due: Vec<ShimCall> = self
            .timed
            .iter()
            .copied()
            .filter(|call| {
                let call = self.calls.get(call);
                let due = call.and_then(|call| self.due(call));
                due.is_some_and(|due| due <= now)
            })
            .collect();
        for call in due {
            self.beat(now, call);
            self.let_go(now, call);
            self.give_up_stopping(now, call);
        }
    }

    /// Gives a sign of life where one is due.
    fn beat(&mut self, now: Duration, id: ShimCall) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_unsent()) else {
            return;
        };
        let (Some(due), Some(token)) = (call.clock.next_beat, &call.token) else {
            return;
        };
        if due > now {
            return;
        }
        let line = own_messages::sign_of_life(token, call.clock.beats);
        call.clock.beats = call.clock.beats.saturating_add(1);
        call.clock.next_beat = Some(now + call.clock.pause());
        let is_extended = call.clock.is_extended;
        self.to_agent.line(line);
        if is_extended {
            call.clock.since = now;
            self.set_let_go(id);
        }
    }

    /// Lets a call or its answer go where the agent would give up.
    fn let_go(&mut self, now: Duration, id: ShimCall) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let is_due = call.clock.let_go_at.is_some_and(|due| due <= now) && self.lets_go();
        if !is_due {
            return;
        }
        match &call.phase {
            Phase::Waiting(_) | Phase::Held { .. } => self.send_by_clock(now, id),
            Phase::AnswerHeld { .. } => self.deliver(now, id, Some(By::Clock)),
            Phase::Sent | Phase::Stopping(_) => {}
        }
    }

    fn give_up_stopping(&mut self, now: Duration, id: ShimCall) {
        if let Some(call) = self.calls.get(&id)
            && let Phase::Stopping(stopping) = &call.phase
            && stopping.since + STOP_WITHIN <= now
        {
            self.stopped(now, id, "it was told to stop, and has not answered in 5 s");
        }
    }

    /// Starts the clock of a call that came now.
    pub(super) fn clock_of_new_call(&self, now: Duration) -> AgentClock {
        let known = self.session.known_agent();
        AgentClock {
            came: now,
            since: now,
            limit: self.settings.limit.or(known.and_then(|it| it.limit)),
            is_extended: known.is_some_and(|it| it.extends),
            ..AgentClock::default()
        }
    }

    /// Begins to count for a call that waits from now on.
    pub(super) fn begin_waiting(&mut self, now: Duration, id: ShimCall) {
        self.timed.insert(id);
        self.set_let_go(id);
        if let Some(call) = self.calls.get_mut(&id)
            && call.token.is_some()
            && call.clock.next_beat.is_none()
        {
            call.clock.next_beat = Some(now + call.clock.pause());
        }
    }

    pub(super) fn set_let_go(&mut self, id: ShimCall) {
        if let Some(call) = self.calls.get_mut(&id) {
            let usual = self.usual.get(&call.tool).copied().unwrap_or_default();
            // Signs of life keep such an agent waiting.
            let is_prolonged = call.clock.is_extended && call.token.is_some();
            if !is_prolonged || !call.is_unsent() {
                call.clock.set_let_go(usual);
            }
        }
    }

    /// Remembers how long a tool took: a quarter of the new time, the rest of the
    /// times before.
    pub(super) fn learn_time(&mut self, name: &str, took: Duration) {
        if let Some(usual) = self.usual.get_mut(name) {
            *usual = (*usual * 3 + took) / 4;
        } else if self.usual.len() < MOST_TOOLS {
            self.usual.insert(name.to_owned(), took);
        }
    }
}
