//! The rows of a run: what every snapshot shows of each call.
//!
//! A row is copied only when it changes after it was published, so that
//! unchanged rows are shared between snapshots.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    Call, CallCounts, CallId, CallRow, CallSample, CallState, History, OutputStat, WaitReason,
    WaitSpan, Waited,
};

/// Readings kept per call: two minutes at the default period.
const SAMPLES_KEPT: usize = 240;

/// Every row with the counts and lists that follow from them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    all: Vec<Arc<CallRow>>,
    counts: CallCounts,
    finished: Vec<CallId>,
    /// What the last snapshot got, as long as no row has changed since.
    shared: Option<Arc<Vec<Arc<CallRow>>>>,
    waiting_since: Vec<Duration>,
}

impl Rows {
    /// Adds the row of a call that was queued at `now`.
    pub(super) fn add(&mut self, call: &Arc<Call>, now: Duration) {
        let row = CallRow {
            id: call.id,
            call: Arc::clone(call),
            name: call.name.clone(),
            foreign_name: call.foreign_name.as_deref().map(Arc::from),
            tool: call.tool.clone(),
            args: Arc::new(call.args.clone()),
            are_args_resolved: false,
            state: CallState::Queued,
            wait: None,
            waited: Waited::default(),
            waits: Vec::new(),
            queued: now,
            started: None,
            ended: None,
            attempts: Vec::new(),
            attempts_allowed: call.retries + 1,
            reason: None,
            estimate: call.estimate,
            samples: Arc::new(History::new(SAMPLES_KEPT)),
            peak_rss_bytes: None,
            output: OutputStat::default(),
            remote: None,
            overlapped: None,
        };
        *self.counts.slot(&row.state) += 1;
        self.shared = None;
        self.all.push(Arc::new(row));
        self.waiting_since.push(now);
    }

    /// The row of a call.
    pub(super) fn get(&self, id: CallId) -> Option<&CallRow> {
        self.all.get(id.index()).map(Arc::as_ref)
    }

    /// The row of a call, to be changed. Its state changes through
    /// [`Rows::set_state`] only.
    pub(super) fn edit(&mut self, id: CallId) -> Option<&mut CallRow> {
        self.shared = None;
        self.all.get_mut(id.index()).map(Arc::make_mut)
    }

    /// Moves a call to another state and keeps the counts true. Returns
    /// whether anything changed.
    pub(super) fn set_state(&mut self, id: CallId, state: CallState, now: Duration) -> bool {
        let Some(row) = self.all.get_mut(id.index()) else {
            return false;
        };
        if row.state == state {
            return false;
        }
        self.shared = None;
        *self.counts.slot(&row.state) -= 1;
        *self.counts.slot(&state) += 1;
        let row = Arc::make_mut(row);
        let has_ended = state.is_ended() && !row.state.is_ended();
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
        let (Some(row), Some(since)) = (
            self.all.get_mut(id.index()),
            self.waiting_since.get_mut(id.index()),
        ) else {
            return false;
        };
        if row.wait == reason {
            return false;
        }
        self.shared = None;
        let row = Arc::make_mut(row);
        if let Some(bound) = &row.wait {
            row.waited.add(bound, now.saturating_sub(*since));
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

    /// Every row, shared; the same list as before where none has changed.
    pub(super) fn shared(&mut self) -> Arc<Vec<Arc<CallRow>>> {
        let shared = self
            .shared
            .get_or_insert_with(|| Arc::new(self.all.clone()));
        Arc::clone(shared)
    }

    /// Calls that have ended, latest first.
    pub(super) fn finished(&self) -> Vec<CallId> {
        self.finished.iter().rev().copied().collect()
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
    waits.push(WaitSpan { heading, from, to });
}
