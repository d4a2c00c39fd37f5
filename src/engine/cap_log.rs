//! The history of a run's cap: its changes, and how busy the run was.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    AutoCap, Cap, CapCause, CapChange, CapControl, CapStep, History, LoadSample, Pace, Policy,
};

/// Changes of the cap kept.
const CHANGES_KEPT: usize = 256;
/// Pulses kept: ten minutes at the default period.
const PULSES_KEPT: usize = 1200;

/// Ended calls kept, from which the pace is known.
const ENDED_KEPT: usize = 4096;
/// The pace of a reading is that of so much time before it.
const PACE_OVER: Duration = Duration::from_secs(5);
/// The pace before and after a change is that of at most so much time.
const PACE_BESIDE_CHANGE: Duration = Duration::from_secs(30);

/// Steps of a user that follow each other within this time are one change.
const ONE_CHANGE_WITHIN: Duration = Duration::from_secs(2);

/// A call that has ended.
#[derive(Debug, Clone, Copy)]
struct EndedCall {
    at: Duration,
    took: Duration,
}

/// The changes of the cap, and the pulse of the run.
#[derive(Debug)]
pub(super) struct CapLog {
    pub(super) changes: Arc<History<CapChange>>,
    pub(super) load_samples: Arc<History<LoadSample>>,
    /// The highest cap in force; under the automatic cap the most lanes busy.
    pub(super) highest: Cap,
    /// State of the automatic cap at its last step or reading.
    pub(super) auto: Option<AutoCap>,
    /// The calls that ended last, oldest first.
    ended: VecDeque<EndedCall>,
    /// When the first call ended; no pace counts from before it.
    begun: Option<Duration>,
}

impl CapLog {
    /// The log of a run that begins with this policy.
    pub(super) fn new(policy: Policy) -> Self {
        let highest = match policy.control {
            CapControl::Pinned => policy.cap,
            CapControl::Auto => Cap::ONE,
        };
        Self {
            changes: Arc::new(History::new(CHANGES_KEPT)),
            load_samples: Arc::new(History::new(PULSES_KEPT)),
            highest,
            auto: None,
            ended: VecDeque::new(),
            begun: None,
        }
    }

    /// Keeps a change. Steps of a user that follow each other at once are one
    /// change: nothing can be said of the time between them.
    pub(super) fn changed(&mut self, at: Duration, step: CapStep) {
        self.auto = step.auto;
        if self.is_continued_by(at, &step)
            && let Some(change) = Arc::make_mut(&mut self.changes).latest_mut()
        {
            change.at = at;
            change.step.cap = step.cap;
            change.after = Pace::default();
            return;
        }
        let last = self.changes.latest().map(|change| change.at);
        let since = last.unwrap_or_default();
        let change = CapChange {
            at,
            step,
            before: self.pace(since.max(at.saturating_sub(PACE_BESIDE_CHANGE)), at),
            after: Pace::default(),
        };
        Arc::make_mut(&mut self.changes).push(Some(change));
    }

    /// Whether a step goes on where the latest change ended, as by a key that is
    /// pressed again.
    fn is_continued_by(&self, at: Duration, step: &CapStep) -> bool {
        self.changes.latest().is_some_and(|change| {
            let is_by_hand = [&change.step, step]
                .iter()
                .all(|it| it.cause == CapCause::User);
            is_by_hand
                && change.step.cap == step.before
                && change.step.before != step.cap
                && at.saturating_sub(change.at) < ONE_CHANGE_WITHIN
        })
    }

    /// Takes note of a call that ended after it had run for so long.
    pub(super) fn note_ended(&mut self, at: Duration, took: Duration) {
        if self.ended.len() >= ENDED_KEPT {
            self.ended.pop_front();
        }
        self.begun.get_or_insert(at);
        self.ended.push_back(EndedCall { at, took });
    }

    /// Returns how fast calls ended between two times.
    fn pace(&self, from: Duration, to: Duration) -> Pace {
        let from = from.max(self.begun.unwrap_or(to));
        let inside = self.ended.iter().rev().take_while(|call| call.at > from);
        let mut times: Vec<Duration> = inside.map(|call| call.took).collect();
        times.sort_unstable();
        Pace {
            ended: u32::try_from(times.len()).unwrap_or(u32::MAX),
            time: to.saturating_sub(from),
            median: times.get(times.len() / 2).copied(),
        }
    }

    /// Brings the pace since the latest change up to date. Calls that began
    /// before it say nothing of it, nor does the time in which lanes run dry
    /// because nothing waits any more.
    fn pace_since_change(&mut self, now: Duration, queued: u32) {
        let change = self.changes.latest();
        let Some((at, known)) = change.map(|change| (change.at, change.after.ended)) else {
            return;
        };
        if now.saturating_sub(at) > PACE_BESIDE_CHANGE || queued == 0 && known > 0 {
            return;
        }
        let all = self.pace(at, now);
        let settled = all.median.map(|median| at + median);
        let settled = settled.filter(|settled| *settled + settled.saturating_sub(at) * 2 < now);
        let after = settled.map_or(all, |settled| self.pace(settled, now));
        if let Some(change) = Arc::make_mut(&mut self.changes).latest_mut() {
            change.after = after;
        }
    }

    /// So many lanes are busy.
    pub(super) fn note_busy(&mut self, busy: usize, control: CapControl) {
        let busy = u32::try_from(busy).unwrap_or(u32::MAX);
        if control == CapControl::Auto && busy > self.highest.get() {
            self.highest = Cap::new(busy).unwrap_or(self.highest);
        }
    }

    /// Keeps a pulse. Of a run with nothing to do the first is enough.
    pub(super) fn record_load(&mut self, mut pulse: LoadSample) {
        self.pace_since_change(pulse.at, pulse.queued);
        pulse.pace = self.pace(pulse.at.saturating_sub(PACE_OVER), pulse.at);
        let is_idle = |it: &LoadSample| it.running + it.queued == 0;
        if is_idle(&pulse) && self.load_samples.latest().is_none_or(is_idle) {
            return;
        }
        Arc::make_mut(&mut self.load_samples).push(Some(pulse));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn cap(lanes: u32) -> Cap {
        Cap::new(lanes).expect("a cap above 0")
    }

    fn load(at: u64, queued: u32) -> LoadSample {
        LoadSample {
            at: ms(at),
            cap: cap(5),
            running: 5,
            queued,
            pressure: None,
            pace: Pace::default(),
        }
    }

    #[test]
    fn the_pace_beside_a_change_is_that_of_the_lanes_before_and_after_it() {
        let mut log = CapLog::new(Policy::default());
        // Calls of 400 ms: in two lanes five a second, in five lanes 12.5.
        let end = |log: &mut CapLog, at: u64, lanes: u32| {
            (0..lanes).for_each(|_| log.note_ended(ms(at), ms(400)));
        };
        (1..=20).for_each(|turn| end(&mut log, turn * 400, 2));
        let step = CapStep {
            before: cap(2),
            cap: cap(5),
            cause: CapCause::User,
            auto: None,
            service: None,
        };
        log.changed(ms(8_000), step);
        (21..=30).for_each(|turn| end(&mut log, turn * 400, 5));
        log.record_load(load(12_000, 3));
        // Lanes that run dry do not count.
        log.record_load(load(20_000, 0));
        let change = log.changes.latest().expect("a change");
        let rates = [change.before, change.after].map(Pace::per_second);
        assert_eq!(rates.map(|rate| (rate * 10.0).round() as u32), [50, 125]);
        assert_eq!(change.after.median, Some(ms(400)));
    }

    #[test]
    fn keys_that_follow_each_other_at_once_are_one_change() {
        let mut log = CapLog::new(Policy::default());
        let step = |before, to| CapStep {
            before: cap(before),
            cap: cap(to),
            cause: CapCause::User,
            auto: None,
            service: None,
        };
        for at in 1..=20 {
            log.note_ended(ms(at * 200), ms(400));
        }
        for (press, before) in (4..8).enumerate() {
            log.changed(ms(4_000 + press as u64 * 150), step(before, before + 1));
        }
        // Back at once to where it was is a change of its own.
        log.changed(ms(5_000), step(8, 4));
        log.changed(ms(9_000), step(4, 5));
        let kept: Vec<CapChange> = log.changes.iter().flatten().cloned().collect();
        let steps: Vec<(u32, u32)> = kept
            .iter()
            .map(|it| (it.step.before.get(), it.step.cap.get()))
            .collect();
        assert_eq!(steps, [(4, 8), (8, 4), (4, 5)]);
        assert_eq!((kept[0].before.per_second() * 10.0).round() as u32, 50);
    }
}
