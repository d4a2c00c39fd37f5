//! Where a user puts waiting calls: moves, priorities and pins.

use super::queue::Place;
use super::record::{POSITION_GAP, Record, Stage};
use super::scheduler::Scheduler;
use crate::model::CallId;

impl Scheduler {
    /// Gives a waiting call another priority.
    pub(super) fn set_priority(&mut self, id: CallId, priority: i32) {
        self.replace(id, |record| record.priority = priority);
    }

    /// Puts a waiting call before all others; the latest such wish wins.
    pub(super) fn pin(&mut self, id: CallId) {
        self.pins += 1;
        let pin = self.pins;
        self.replace(id, |record| record.pin = pin);
    }

    /// Moves a waiting call before another of its class, or to the end of it.
    /// A wish that names calls that do not wait, or calls of different
    /// classes, changes nothing.
    pub(super) fn move_call(&mut self, id: CallId, before: Option<CallId>) {
        let is_waiting = |id: CallId| self.records.get(id.index()).is_some_and(Record::is_waiting);
        if !is_waiting(id) || before == Some(id) {
            return;
        }
        let class = self.place(id).class;
        let target = match before {
            Some(before) if is_waiting(before) && self.place(before).class == class => {
                self.place(before).position
            }
            Some(_) => return,
            None => i64::MAX,
        };
        let others = (0..self.records.len()).map(CallId::from_index);
        let others = others.filter(|other| *other != id && is_waiting(*other));
        let positions = others
            .map(|other| self.place(other))
            .filter(|place| place.class == class)
            .map(|place| place.position);
        let last_before = positions.filter(|position| *position < target).max();
        let position = match (before, last_before) {
            (Some(_), Some(last)) => last + (target - last) / 2,
            (Some(_), None) => target - POSITION_GAP,
            (None, Some(last)) => last + POSITION_GAP,
            (None, None) => return,
        };
        self.replace(id, |record| record.position = position);
    }

    /// Changes what a waiting call's place depends on.
    fn replace(&mut self, id: CallId, change: impl FnOnce(&mut Record)) {
        let Some(record) = self.records.get(id.index()) else {
            return;
        };
        if !record.is_waiting() {
            return;
        }
        let is_ready = record.stage == Stage::Ready;
        if is_ready {
            self.queue.remove(self.place(id));
        }
        change(&mut self.records[id.index()]);
        if is_ready {
            self.queue.insert(self.place(id));
        }
    }

    /// Where a call stands among those that wait.
    pub(super) fn place(&self, id: CallId) -> Place {
        let record = &self.records[id.index()];
        let class = match record.pin {
            0 => -i64::from(record.priority),
            pin => i64::MIN / 2 - pin,
        };
        Place {
            class,
            position: record.position,
            id,
        }
    }
}
