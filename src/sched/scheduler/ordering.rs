//! The place of waiting calls in the order of starts, and how users change it.

use super::Scheduler;
use crate::model::{CallId, Order, Policy};
use crate::sched::call_record::{CallRecord, CallStage};
use crate::sched::manual_order::ManualPosition;
use crate::sched::moment::Moment;
use crate::sched::sub_queue::{FairnessKey, POSITION_GAP, SortKey, default_position};

/// Class of the first pinned call; priorities stay far above it.
const PINNED: i64 = i64::MIN / 2;

impl Scheduler {
    /// Gives a waiting call another priority.
    pub(super) fn set_priority(&mut self, id: CallId, priority: i32) {
        self.replace(id, |record| record.priority = priority);
    }

    /// Puts a waiting call before all others; the latest such wish wins.
    pub(super) fn pin(&mut self, id: CallId) {
        let pin = self.manual_order.next_pin();
        self.replace(id, |record| record.pin = pin);
    }

    /// Moves a waiting call before another of its class and group, or to the
    /// end of them. A wish that names calls that do not wait, or calls that
    /// share no flow, changes nothing.
    pub(super) fn move_call(&mut self, id: CallId, before: Option<CallId>) {
        let is_waiting = |id: CallId| self.calls.is_waiting(id);
        if !is_waiting(id) || before == Some(id) {
            return;
        }
        let flow = self.fairness_key(id);
        let target = match before {
            Some(before) if is_waiting(before) && self.fairness_key(before) == flow => {
                self.key(before)
            }
            Some(_) => return,
            None => SortKey::LAST,
        };
        let others = self.calls.ids_from(0);
        let others = others.filter(|other| {
            *other != id && is_waiting(*other) && self.fairness_key(*other) == flow
        });
        let keys = others.map(|other| self.key(other));
        let last = keys.filter(|key| *key < target).max();
        let (score, position) = match (before, last) {
            (None, None) => return,
            (None, Some(last)) => (last.score, last.position + POSITION_GAP),
            (Some(_), Some(last)) if last.score == target.score => {
                let between = last.position + (target.position - last.position) / 2;
                (target.score, between)
            }
            (Some(_), _) => (target.score, target.position - POSITION_GAP),
        };
        let is_ready = self.calls[id].stage == CallStage::Ready;
        if is_ready {
            self.dequeue(id);
        }
        self.manual_order
            .place(id, ManualPosition { score, position });
        if is_ready {
            self.enqueue(id);
        }
    }

    /// Sets the order anew: what users moved by hand is undone, as its place
    /// has no meaning in the other order.
    pub(super) fn change_order(&mut self, policy: Policy) {
        let ready = self.ready_calls();
        for id in &ready {
            let (flow, demand) = (self.fairness_key(*id), self.calls[*id].demand);
            self.queue.remove(flow, demand, self.key(*id));
        }
        self.settings.policy = policy;
        self.manual_order.clear_moves();
        for id in ready {
            self.enqueue(id);
        }
    }

    fn ready_calls(&self) -> Vec<CallId> {
        let calls = self.calls.iter();
        let ready = calls.filter(|(_, record)| record.stage == CallStage::Ready);
        ready.map(|(id, _)| id).collect()
    }

    /// Changes what a waiting call's place depends on.
    pub(super) fn replace(&mut self, id: CallId, change: impl FnOnce(&mut CallRecord)) {
        let Some(record) = self.calls.get(id) else {
            return;
        };
        match record.stage {
            CallStage::Ready => {
                self.dequeue(id);
                change(&mut self.calls[id]);
                self.enqueue(id);
            }
            CallStage::Active { .. } | CallStage::Ended(_) => {}
            _ => change(&mut self.calls[id]),
        }
    }

    /// Puts a ready call into the queue.
    pub(super) fn enqueue(&mut self, id: CallId) {
        let demand = self.calls[id].demand;
        self.queue
            .insert(self.fairness_key(id), demand, self.key(id));
    }

    /// Takes a ready call out of the queue.
    pub(super) fn dequeue(&mut self, id: CallId) {
        let demand = self.calls[id].demand;
        self.queue
            .remove(self.fairness_key(id), demand, self.key(id));
    }

    /// The class and group of a call.
    pub(super) fn fairness_key(&self, id: CallId) -> FairnessKey {
        let record = &self.calls[id];
        let class = match record.pin {
            0 => -i64::from(record.priority),
            pin => PINNED - i64::from(pin),
        };
        FairnessKey {
            class,
            group: record.group,
        }
    }

    /// The place of a call in its flow.
    pub(super) fn key(&self, id: CallId) -> SortKey {
        let record = &self.calls[id];
        if let Some(place) = self.manual_order.position(id) {
            let ManualPosition { score, position } = place;
            return SortKey {
                score,
                position,
                id,
            };
        }
        let score = match self.settings.policy.order {
            Order::Fifo => 0,
            Order::CriticalPath => score(record.joined_at, record.rank),
        };
        SortKey {
            score,
            position: default_position(id),
            id,
        }
    }
}

/// The longest chain first. A call ages only against calls that join later, by
/// a second of rank for each second: calls that join together keep the order of
/// their ranks, and a stream of newcomers overtakes nobody for ever.
fn score(joined_at: Moment, rank: u64) -> i64 {
    let joined_at = i64::try_from(joined_at.get()).unwrap_or(i64::MAX);
    joined_at.saturating_sub_unsigned(rank)
}
