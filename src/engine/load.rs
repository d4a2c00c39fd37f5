//! Calls of a load: each takes the place of one that has ended, so that a run
//! of any number of them needs no more rows than run at once.

use std::sync::Arc;
use std::time::Duration;

use super::run::EngineLoop;
use crate::model::{Call, CallId, LoadNews};
use crate::sched::Input;

impl EngineLoop {
    /// Queues calls of a load, each in the place of an ended call or in the next
    /// new one. A call whose place is not free is passed over.
    pub(super) fn queue_load(&mut self, calls: &[Arc<Call>]) {
        let now = self.clock.now();
        let is_free = |run: &Self, id: CallId| {
            run.rows.get(id).is_none_or(|row| row.state.is_ended()) && id.index() <= run.rows.len()
        };
        let ended = calls.iter().map(|call| call.id);
        let ended = ended.filter(|id| self.rows.get(*id).is_some() && is_free(self, *id));
        let ended: Vec<CallId> = ended.collect();
        for id in &ended {
            self.rows.vacate(*id);
            self.launcher.outputs.forget(*id);
        }
        if !ended.is_empty() {
            self.step(now, Input::CallsWithdrawn(ended));
        }
        let mut specs = Vec::with_capacity(calls.len());
        for call in calls {
            if is_free(self, call.id) {
                self.register(call, now);
                specs.push(self.spec(call));
            }
        }
        self.step(now, Input::CallsQueued(specs));
    }

    /// Tells the one who measures that a call was launched.
    pub(super) fn load_started(&self, call: CallId, at: Duration) {
        if let Some(feed) = &self.load {
            feed(LoadNews::Started { call, at });
        }
    }

    /// Tells the one who measures that a call has ended.
    pub(super) fn load_ended(&self, call: CallId) {
        if let (Some(feed), Some(row)) = (&self.load, self.rows.shared(call)) {
            feed(LoadNews::Ended(row));
        }
    }
}
