//! The way of a call to its server: by a place in a queue, a lock, or the clock.

use std::time::Duration;

use super::call::{Phase, WaitsFor};
use super::governor::{Candidate, Start};
use super::{Gate, GateEffect, LockOrder, Ruler};
use crate::exec::proxy::frames::{By, ShimCall};

/// Calls that are sent at once when what waited is let go; others follow as
/// answers come.
const TOGETHER: usize = 64;

impl Gate {
    pub(super) fn waits_for_turn(&self, id: ShimCall) -> bool {
        let call = self.calls.get(&id);
        call.is_some_and(|call| matches!(call.phase, Phase::Waiting(WaitsFor::Turn)))
    }

    pub(super) fn wait(&mut self, now: Duration, id: ShimCall, waits_for: WaitsFor) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Waiting(waits_for);
        }
        self.begin_waiting(now, id);
        self.tell_state(now, id, None, None);
    }

    /// Queues a call with the shim's own scheduler.
    pub(super) fn queue(&mut self, now: Duration, id: ShimCall) {
        self.wait(now, id, WaitsFor::Lane);
        let (Some(governor), Some(call)) = (&mut self.governor, self.calls.get_mut(&id)) else {
            return;
        };
        let candidate = Candidate {
            call: id,
            tool: &call.tool,
            is_shared: call.is_shared,
            is_unlocked: call.is_unlocked,
        };
        let (admission, starts) = governor.queue(now, candidate);
        call.admission = Some(admission);
        self.start(now, starts);
    }

    /// Starts the calls that the shim's own scheduler starts.
    fn start(&mut self, now: Duration, starts: Vec<Start>) {
        for Start { call: id, epoch } in starts {
            if let (Some(governor), Some(call)) = (&mut self.governor, self.calls.get_mut(&id))
                && let Some(place) = &mut call.admission
            {
                governor.started(now, place, epoch);
                self.go(now, id, None, None);
            }
        }
        self.refresh_reasons(now);
    }

    /// Takes a call out of the shim's own scheduler.
    pub(super) fn leave_queue(&mut self, now: Duration, id: ShimCall) {
        let place = self
            .calls
            .get_mut(&id)
            .and_then(|call| call.admission.take());
        if let (Some(place), Some(governor)) = (place, &mut self.governor) {
            let starts = governor.ended(now, place);
            self.start(now, starts);
        }
    }

    /// Tells the reasons of calls that wait, where they changed.
    pub(in crate::exec::proxy) fn refresh_reasons(&mut self, now: Duration) {
        let Some(governor) = self.governor.as_ref().filter(|_| self.is_watched) else {
            return;
        };
        let waiting = self.timed.iter().filter_map(|id| self.calls.get(id));
        let reasons: Vec<_> = waiting
            .filter(|call| matches!(call.phase, Phase::Waiting(WaitsFor::Lane)))
            .filter_map(|call| Some((call.call, governor.why(call.admission?)?)))
            .collect();
        for (id, why) in reasons {
            let told = self.calls.get(&id).and_then(|call| call.told_why.as_ref());
            if told != Some(&why) {
                self.tell_state(now, id, Some(why), None);
            }
        }
    }

    /// Sends a call that may start: at once, or when it has the lock.
    pub(super) fn go(&mut self, now: Duration, id: ShimCall, why: Option<String>, by: Option<By>) {
        let is_governed = self.ruler() != Ruler::Nobody;
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_unsent()) else {
            return;
        };
        if !is_governed || call.is_unlocked || !self.settings.has_locks {
            return self.send(now, id, why, by);
        }
        let is_shared = call.is_shared;
        call.phase = Phase::Waiting(WaitsFor::Lock);
        self.timed.insert(id);
        self.effects.push(GateEffect::Lock(LockOrder {
            call: id,
            is_shared,
        }));
    }

    /// Goes on with a call that has the lock.
    pub(in crate::exec::proxy) fn lock_taken(&mut self, now: Duration, id: ShimCall) {
        let call = self.calls.get(&id);
        let is_waiting = call.is_some_and(|it| matches!(it.phase, Phase::Waiting(WaitsFor::Lock)));
        if is_waiting {
            self.send(now, id, None, None);
        } else {
            self.effects.push(GateEffect::Unlock(id));
        }
    }

    /// Tells who holds the lock that a call waits for.
    pub(in crate::exec::proxy) fn lock_busy(&mut self, now: Duration, id: ShimCall, holder: &str) {
        let call = self.calls.get(&id);
        let is_waiting = call.is_some_and(|it| matches!(it.phase, Phase::Waiting(WaitsFor::Lock)));
        if is_waiting {
            self.begin_waiting(now, id);
            let lock = &self.settings.lock;
            let why = format!("lock server:{lock} held by {holder}");
            self.tell_state(now, id, Some(why), None);
        }
    }

    /// Sends a call now.
    pub(super) fn send(
        &mut self,
        now: Duration,
        id: ShimCall,
        why: Option<String>,
        by: Option<By>,
    ) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_unsent()) else {
            return;
        };
        let line = std::mem::take(&mut call.line);
        self.unsent.calls -= 1;
        self.unsent.bytes -= line.len();
        self.at_server += 1;
        call.phase = Phase::Sent;
        call.sent_at = Some(now);
        self.timed.remove(&id);
        self.to_server.line(line);
        self.tell_state(now, id, why, by);
    }

    /// Sends a call whose agent would give up, whatever it waits for.
    pub(super) fn send_by_clock(&mut self, now: Duration, id: ShimCall) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let mut why = "let go: the agent would give up".to_owned();
        let has_waited_for_lock = matches!(call.phase, Phase::Waiting(WaitsFor::Lock));
        if has_waited_for_lock {
            self.effects.push(GateEffect::Unlock(id));
        }
        // One that waits for others of this shim passes them without the lock.
        if has_waited_for_lock || matches!(call.phase, Phase::Waiting(WaitsFor::Lane)) {
            call.is_unlocked = true;
            why.push_str(", without the lock");
        }
        self.note(id, "let-go", &why);
        self.send(now, id, Some(why), Some(By::Clock));
    }

    /// Sends what waits for its turn, as far as there is room.
    pub(super) fn take_turns(&mut self, now: Duration) {
        while self.at_server < TOGETHER {
            let next = self
                .timed
                .iter()
                .copied()
                .find(|id| self.waits_for_turn(*id));
            let Some(next) = next else { return };
            self.send(now, next, None, None);
        }
    }
}
