//! A run as bars over time: which lane ran what when, which call waited for
//! what, and which chain of calls decided how long it all took.
//!
//! It owns what is derived from a snapshot, and the state of the chart. It must
//! not know how a bar looks.

mod critical;
mod earlier_run;
mod view;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{AttemptRecord, CallId, CallRow, LaneId, Outcome, SharedVec, Snapshot};
use crate::record;

pub use earlier_run::EarlierRun;
pub use view::{Gap, RowMode, TimeWindow, TimelineView};

/// Bars up to which a gap between them is looked for.
const MOST_FOR_GAP: usize = 2_048;

/// Phase of a call during a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarPhase {
    /// It waited, for what the heading says.
    Waited(&'static str),
    /// It ran; how the attempt ended, if it has.
    Ran(Option<Outcome>),
    /// It was being stopped.
    Stopped,
}

/// A stretch of time of one call. One that is not over ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The call.
    pub call: CallId,
    /// The phase.
    pub phase: BarPhase,
    /// From when.
    pub from: Duration,
    /// Until when; `None` where it is not over.
    pub to: Option<Duration>,
}

impl Bar {
    /// When it ends, or now.
    pub fn end(&self, now: Duration) -> Duration {
        self.to.unwrap_or(now).max(self.from)
    }
}

/// Bars of a run. Following a run costs what changed in it, not what there is.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    made_of: SharedVec<Arc<CallRow>>,
    /// The attempts of each lane, in the order of time.
    pub lanes: Vec<Vec<Bar>>,
    /// The calls that started, by when they ended; those that run stand last.
    ends: BTreeSet<(Duration, CallId)>,
    /// The calls of the chain that decided when the last one ended.
    pub critical: BTreeSet<CallId>,
    /// When the last of what is over was over.
    pub last_end: Duration,
    /// The longest stretch in which nothing ran between two calls.
    pub gap: Option<Gap>,
    /// From the first admissible call to the last end, once all have ended.
    pub wall: Option<Duration>,
}

impl Timeline {
    /// Takes over what changed in the rows of the run.
    pub fn refresh(&mut self, run: &Snapshot) {
        let before = std::mem::replace(&mut self.made_of, run.calls.clone());
        if before.is_same(&run.calls) {
            return;
        }
        let is_new = before.is_empty() || before.len() > run.calls.len();
        if is_new {
            let made_of = std::mem::take(&mut self.made_of);
            *self = Self {
                made_of,
                ..Self::default()
            };
        }
        let before = if is_new { SharedVec::default() } else { before };
        for row in run.calls.changed(&before) {
            let old = before.get(row.id.index());
            if old.is_some_and(|old| Arc::ptr_eq(old, row)) {
                continue;
            }
            self.replace_attempts(old.map_or(&[], |old| &old.attempts), row, is_new);
            self.last_end = self.last_end.max(row.ended.unwrap_or_default());
            if let Some(old) = old.filter(|old| old.started.is_some()) {
                self.ends.remove(&(critical::end(old), old.id));
            }
            if row.started.is_some() {
                self.ends.insert((critical::end(row), row.id));
            }
        }
        if is_new {
            let lanes = self.lanes.iter_mut();
            lanes.for_each(|bars| bars.sort_by_key(|bar| bar.from));
        }
        let used = self.lanes.iter().rposition(|bars| !bars.is_empty());
        let used = used.map_or(0, |lane| lane + 1);
        self.lanes.resize(run.lanes.len().max(used), Vec::new());
        self.critical = critical::chain(run, self.ends.last().map(|(_, id)| *id));
        self.gap = self.longest_gap();
        let is_over = run.counts.open() == 0;
        let rows = run.calls.iter().map(Arc::as_ref);
        self.wall = is_over.then(|| record::wall(rows)).flatten();
    }

    /// Returns the longest stretch in which nothing ran between two bars. Runs
    /// with very many have none worth a look.
    fn longest_gap(&self) -> Option<Gap> {
        let count: usize = self.lanes.iter().map(Vec::len).sum();
        if count > MOST_FOR_GAP {
            return None;
        }
        let bars = self.lanes.iter().flatten();
        let mut spans: Vec<(Duration, Duration)> = bars
            .map(|bar| (bar.from, bar.to.unwrap_or(Duration::MAX)))
            .collect();
        spans.sort_unstable();
        let mut end = spans.first()?.1;
        let gaps = spans.into_iter().filter_map(|(from, to)| {
            let gap = Gap {
                from: end,
                to: from,
            };
            end = end.max(to);
            (gap.from < gap.to).then_some(gap)
        });
        gaps.max_by_key(|gap| gap.length())
    }

    /// Puts the bars of a call's attempts in the place of those before. Of a new
    /// run they are only added, to be sorted once.
    fn replace_attempts(&mut self, before: &[AttemptRecord], row: &CallRow, is_new: bool) {
        let kept = before.iter().zip(&row.attempts);
        let kept = kept.take_while(|(old, new)| old == new).count();
        for old in &before[kept..] {
            let bars = self.lane_mut(old.lane);
            let first = bars.partition_point(|bar| bar.from < old.started);
            let found = bars[first..].iter().position(|bar| bar.call == row.id);
            if let Some(at) = found.map(|behind| first + behind) {
                let same = bars[at..].iter().take_while(|bar| bar.call == row.id);
                let count = same.count();
                bars.drain(at..at + count);
            }
        }
        for new in &row.attempts[kept..] {
            let bars = self.lane_mut(new.lane);
            for bar in attempted(row.id, new) {
                let behind = |other: &Bar| is_new || other.from <= bar.from;
                let at = if bars.last().is_none_or(behind) {
                    bars.len()
                } else {
                    bars.partition_point(behind)
                };
                bars.insert(at, bar);
            }
        }
    }

    fn lane_mut(&mut self, lane: LaneId) -> &mut Vec<Bar> {
        let lane = lane.0 as usize;
        if lane >= self.lanes.len() {
            self.lanes.resize(lane + 1, Vec::new());
        }
        &mut self.lanes[lane]
    }

    /// The bars of a lane that are visible between two times.
    pub fn lane(&self, lane: usize, from: Duration, to: Duration) -> &[Bar] {
        inside(self.lanes.get(lane), from, to)
    }

    /// The lanes that were busy on the average of a stretch of time.
    pub fn busy(&self, from: Duration, to: Duration, now: Duration) -> f64 {
        let length = to.saturating_sub(from).as_secs_f64();
        if length <= 0.0 {
            return 0.0;
        }
        let lanes = 0..self.lanes.len();
        let bars = lanes.flat_map(|lane| self.lane(lane, from, to));
        let inside = bars.map(|bar| bar.end(now).min(to).saturating_sub(bar.from.max(from)));
        inside.sum::<Duration>().as_secs_f64() / length
    }
}

/// The bars of a lane, sorted by time, that are visible between two times.
fn inside(bars: Option<&Vec<Bar>>, from: Duration, to: Duration) -> &[Bar] {
    let bars = bars.map_or(&[][..], Vec::as_slice);
    let first = bars.partition_point(|bar| bar.to.is_some_and(|end| end < from));
    let last = bars.partition_point(|bar| bar.from <= to);
    bars.get(first..last.max(first)).unwrap_or(&[])
}

/// The bars that are seen in a chart of some columns: of those that begin in one
/// column the last, which covers the others.
pub fn seen(bars: &[Bar], window: TimeWindow, columns: u16) -> impl Iterator<Item = &Bar> {
    let mut rest = bars;
    std::iter::from_fn(move || {
        let column = window.column(rest.first()?.from, columns);
        let behind = rest.partition_point(|bar| window.column(bar.from, columns) <= column);
        let (covered, others) = rest.split_at(behind.max(1));
        rest = others;
        covered.last()
    })
}

/// The bars of an attempt.
fn attempted(call: CallId, attempt: &AttemptRecord) -> impl Iterator<Item = Bar> {
    let times = AttemptTimes {
        started: attempt.started,
        stop_ordered: attempt.stop_ordered,
        ended: attempt.ended,
    };
    ran(call, attempt.outcome, times)
}

/// When an attempt was started, when a stop was ordered and when it ended.
#[derive(Clone, Copy)]
struct AttemptTimes {
    started: Duration,
    stop_ordered: Option<Duration>,
    ended: Option<Duration>,
}

/// The bars of an attempt: its run, and its stop if one was ordered.
fn ran(call: CallId, outcome: Option<Outcome>, times: AttemptTimes) -> impl Iterator<Item = Bar> {
    let run = Bar {
        call,
        phase: BarPhase::Ran(outcome),
        from: times.started,
        to: times.stop_ordered.or(times.ended),
    };
    let stop = times.stop_ordered.map(|ordered| Bar {
        call,
        phase: BarPhase::Stopped,
        from: ordered,
        to: times.ended,
    });
    std::iter::once(run).chain(stop)
}

/// Everything one call did, in the order of time.
pub fn of_call(row: &CallRow, now: Duration) -> Vec<Bar> {
    let mut bars: Vec<Bar> = row
        .waits
        .iter()
        .map(|span| Bar {
            call: row.id,
            phase: BarPhase::Waited(span.heading),
            from: span.from,
            to: Some(span.to),
        })
        .collect();
    if let Some(reason) = &row.wait {
        let last_attempt = row.attempts.last().and_then(|attempt| attempt.ended);
        let since = row.waits.last().map(|span| span.to).max(last_attempt);
        bars.push(Bar {
            call: row.id,
            phase: BarPhase::Waited(reason.heading()),
            from: since.unwrap_or(row.queued).min(now),
            to: None,
        });
    }
    let attempts = row.attempts.iter();
    bars.extend(attempts.flat_map(|attempt| attempted(row.id, attempt)));
    bars.sort_by_key(|bar| bar.from);
    bars
}

#[cfg(test)]
mod tests;
