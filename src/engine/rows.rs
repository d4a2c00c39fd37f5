//! The rows of a run: what every snapshot shows of each call.
//!
//! A row is copied only when it changes after it was published, so that
//! unchanged rows are shared between snapshots.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    Call, CallCounts, CallId, CallRow, CallSample, CallState, History, SharedVec, WaitReason,
    WaitSpan,
};

/// Readings kept per call: two minutes at the default period.
const SAMPLES_KEPT: usize = 240;

/// Every row with the counts and lists that follow from them.
#[derive(Debug)]
pub(super) struct Rows {
    all: SharedVec<Arc<CallRow>>,
    counts: CallCounts,
    finished: Vec<CallId>,
    vacated: usize,
    waiting_since: Vec<Duration>,
    /// Calls that waited and do not any more, since this was last taken.
    departed: Vec<CallId>,
    /// Shared by the calls of which nothing was read yet.
    no_samples: Arc<History<CallSample>>,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            all: SharedVec::default(),
            counts: CallCounts::default(),
            finished: Vec::new(),
            vacated: 0,
            waiting_since: Vec::new(),
            departed: Vec::new(),
            no_samples: Arc::new(History::new(SAMPLES_KEPT)),
        }
    }
}

impl Rows {
    /// Adds the row of a call that was queued at `now`, behind the others or in
    /// a place that was vacated.
    pub(super) fn add(&mut self, call: &Arc<Call>, now: Duration) {
        let row = CallRow::new(Arc::clone(call), Arc::clone(&self.no_samples), now);
        *self.counts.slot(&row.state) += 1;
        let index = call.id.index();
        if let (Some(place), Some(since)) =
            (self.all.get_mut(index), self.waiting_since.get_mut(index))
        {
            *place = Arc::new(row);
            *since = now;
            return;
        }
        self.all.push(Arc::new(row));
        self.waiting_since.push(now);
    }

    /// Takes an ended call out of counts and lists: another call is about to
    /// take its place.
    pub(super) fn vacate(&mut self, id: CallId) {
        let Some(row) = self.get(id) else { return };
        let state = row.state;
        *self.counts.slot(&state) -= 1;
        if let Some(at) = self.finished.iter().position(|ended| *ended == id) {
            self.finished.remove(at);
            self.vacated += 1;
        }
    }

    /// The row of a call.
    pub(super) fn get(&self, id: CallId) -> Option<&CallRow> {
        self.all.get(id.index()).map(Arc::as_ref)
    }

    /// The row of a call, as snapshots share it.
    pub(super) fn shared(&self, id: CallId) -> Option<Arc<CallRow>> {
        self.all.get(id.index()).cloned()
    }

    /// The row of a call, to be changed. Its state changes through
    /// [`Rows::set_state`] only.
    pub(super) fn edit(&mut self, id: CallId) -> Option<&mut CallRow> {
        self.all.get_mut(id.index()).map(Arc::make_mut)
    }

    /// Moves a call to another state and keeps the counts true. Returns
    /// whether anything changed.
    pub(super) fn set_state(&mut self, id: CallId, state: CallState, now: Duration) -> bool {
        let is_other = |row: &Arc<CallRow>| row.state != state;
        if !self.all.get(id.index()).is_some_and(is_other) {
            return false;
        }
        let Some(row) = self.all.get_mut(id.index()) else {
            return false;
        };
        *self.counts.slot(&row.state) -= 1;
        *self.counts.slot(&state) += 1;
        let row = Arc::make_mut(row);
        let has_ended = state.is_ended() && !row.state.is_ended();
        if row.state.is_waiting() && !state.is_waiting() {
            self.departed.push(id);
        }
        row.state = state;
        if has_ended {
            row.ended = Some(now);
            self.finished.push(id);
        }
        true
    }

    /// Charges the time since the last change to the reason that bound, and
    /// puts the new reason in its place. Returns whether the row now shows
    /// another reason.
    pub(super) fn set_wait(
        &mut self,
        id: CallId,
        reason: Option<WaitReason>,
        now: Duration,
    ) -> bool {
        let is_other = |row: &Arc<CallRow>| row.wait != reason;
        if !self.all.get(id.index()).is_some_and(is_other) {
            return false;
        }
        let (Some(row), Some(since)) = (
            self.all.get_mut(id.index()),
            self.waiting_since.get_mut(id.index()),
        ) else {
            return false;
        };
        let row = Arc::make_mut(row);
        if let Some(bound) = &row.wait {
            row.waited.add(bound.heading(), now.saturating_sub(*since));
            note_wait(&mut row.waits, bound.heading(), *since, now);
        }
        *since = now;
        row.wait = reason;
        true
    }

    /// Adds a reading of a call's process tree; `None` is a gap.
    pub(super) fn add_sample(&mut self, id: CallId, sample: Option<CallSample>) {
        let Some(row) = self.edit(id) else { return };
        if let Some(sample) = &sample {
            row.peak_rss_bytes = row.peak_rss_bytes.max(Some(sample.rss_bytes));
        }
        Arc::make_mut(&mut row.samples).push(sample);
    }

    /// How many calls are in each state.
    pub(super) fn counts(&self) -> CallCounts {
        self.counts
    }

    /// Returns every row.
    pub(super) fn all(&self) -> SharedVec<Arc<CallRow>> {
        self.all.clone()
    }

    /// Number of calls that have ended so far, those that were vacated
    /// included: the list of ended calls is another one where this is.
    pub(super) fn finished_count(&self) -> usize {
        self.finished.len() + self.vacated
    }

    /// Calls that have ended, latest first.
    pub(super) fn finished(&self) -> Vec<CallId> {
        self.finished.iter().rev().copied().collect()
    }

    /// Takes the calls that have left the queue since the last time.
    pub(super) fn take_departed(&mut self) -> Vec<CallId> {
        std::mem::take(&mut self.departed)
    }

    /// How many calls there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// Adds a stretch of waiting; one for the same reason as the last goes on with it.
fn note_wait(waits: &mut Vec<WaitSpan>, heading: &'static str, from: Duration, to: Duration) {
    if let Some(last) = waits.last_mut()
        && last.heading == heading
        && last.to == from
    {
        last.to = to;
        return;
    }
    if waits.len() >= WaitSpan::KEPT {
        waits.remove(0);
    }
    // Most calls wait for one reason.
    waits.reserve_exact(1);
    waits.push(WaitSpan { heading, from, to });
}
