//! Events and decisions on their way to whoever records the run.
//!
//! Events of calls are never dropped: a receiver that is behind holds the run
//! back. Output and readings are postponed or counted instead, so that no more
//! than their latest waits in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::mpsc;

use super::outbox::Outbox;
use crate::model::{CallId, EventKind, RunEvent};
use crate::output::{PieceCursor, Store};
use crate::sched::DecisionRecord;

/// Receiver of the run's events, and which of them it takes.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// Takes the events; a full channel holds the run back.
    pub events: mpsc::Sender<RunEvent>,
    /// Which events are wanted.
    pub detail: EventDetail,
}

/// Which events a recorder wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventDetail {
    /// Starts, waits, stops and ends of calls.
    Calls,
    /// Also their output and every reading.
    Everything,
}

/// The outgoing events and decisions of a run.
#[derive(Debug)]
pub(super) struct EventRecorder {
    events: Outbox<RunEvent>,
    decisions: Outbox<DecisionRecord>,
    detail: EventDetail,
    /// End of the output of each call that was recorded.
    recorded: BTreeMap<CallId, PieceCursor>,
    /// Calls whose latest output waits until the receiver has caught up.
    postponed: BTreeSet<CallId>,
    skipped_readings: u64,
}

impl EventRecorder {
    pub(super) fn new(
        recorder: Option<Recorder>,
        decisions: Option<mpsc::Sender<DecisionRecord>>,
    ) -> Self {
        let detail = recorder.as_ref().map(|recorder| recorder.detail);
        Self {
            events: Outbox::new(recorder.map(|recorder| recorder.events)),
            decisions: Outbox::new(decisions),
            detail: detail.unwrap_or(EventDetail::Calls),
            recorded: BTreeMap::new(),
            postponed: BTreeSet::new(),
            skipped_readings: 0,
        }
    }

    /// Records an event.
    pub(super) fn event(&mut self, t: Duration, kind: EventKind) {
        self.events.add(RunEvent::new(t, kind));
    }

    /// Whether decisions of the scheduler are recorded.
    pub(super) fn wants_decisions(&self) -> bool {
        self.decisions.is_wanted()
    }

    /// Records a decision of the scheduler.
    pub(super) fn decision(&mut self, decision: DecisionRecord) {
        self.decisions.add(decision);
    }

    /// Whether a receiver is so far behind that the run has to wait for it.
    pub(super) fn is_behind(&self) -> bool {
        self.events.is_full() || self.decisions.is_full()
    }

    /// Whether readings are recorded now; one that a receiver was too far behind
    /// for is counted.
    pub(super) fn takes_reading(&mut self) -> bool {
        let is_behind = self.events.is_full();
        self.skipped_readings += u64::from(is_behind);
        self.detail == EventDetail::Everything && !is_behind
    }

    /// Number of readings that a receiver was too far behind for.
    pub(super) fn skipped_readings(&self) -> u64 {
        self.skipped_readings
    }

    /// Records what a call printed since the last time, or postpones that.
    pub(super) fn output(&mut self, store: &Store, call: CallId, t: Duration) {
        if self.detail != EventDetail::Everything || !self.events.is_wanted() {
            return;
        }
        if self.events.is_full() {
            self.postponed.insert(call);
        } else {
            self.pieces(store, call, t);
        }
    }

    /// Records the output that was postponed, if the receiver has caught up.
    pub(super) fn postponed_output(&mut self, store: &Store, t: Duration) {
        if self.events.is_full() {
            return;
        }
        for call in std::mem::take(&mut self.postponed) {
            self.pieces(store, call, t);
        }
    }

    /// Records the postponed output of a call that ends now: all of it comes
    /// before the end.
    pub(super) fn last_output(&mut self, store: &Store, call: CallId, t: Duration) {
        if self.postponed.remove(&call) {
            self.pieces(store, call, t);
        }
    }

    fn pieces(&mut self, store: &Store, call: CallId, t: Duration) {
        let recorded = self.recorded.entry(call).or_default();
        for piece in store.take_pieces(call, recorded, RunEvent::OUTPUT_LIMIT) {
            let kind = EventKind::Output {
                call,
                attempt: piece.attempt,
                stream: piece.stream,
                text: piece.text,
                left_out_bytes: piece.left_out_bytes,
            };
            self.events.add(RunEvent::new(t, kind));
        }
    }

    /// Whether something waits for a receiver.
    pub(super) fn has_pending(&self) -> bool {
        self.events.has_pending() || self.decisions.has_pending()
    }

    /// Waits until a receiver has room, then sends what it takes. May be dropped
    /// while it waits.
    pub(super) async fn flush(&mut self) {
        tokio::select! {
            () = self.events.flush(), if self.events.has_pending() => {}
            () = self.decisions.flush(), if self.decisions.has_pending() => {}
            else => {}
        }
    }
}
