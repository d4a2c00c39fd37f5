//! The end of a run: its sum, and what can be done next.

use std::time::Duration;

use super::{Pane, Screen, State};
use crate::lab::{self, SummaryContext};
use crate::model::{Cap, DEFAULT_PERIOD};

impl State {
    /// Sums the run up once every call has ended.
    pub(super) fn settle_ending(&mut self) {
        let context = || {
            let calls = self.run.round_rows().count();
            let mut earlier = self.timeline.before.iter();
            let earlier = earlier.find(|it| it.cap == Cap::ONE && it.calls == calls);
            SummaryContext {
                one_lane: earlier.map(|it| it.wall),
                time_scale: self.time_scale,
            }
        };
        let tools = self.catalogue.tools();
        self.ending.settle(&self.run, tools, context);
    }

    /// Returns the time between two readings, as the latest two were taken.
    pub fn sample_period(&self) -> Duration {
        let mut latest = self.run.load_samples.iter().rev().flatten();
        let apart = latest.next().zip(latest.next());
        let apart = apart.map(|(last, before)| last.at.saturating_sub(before.at));
        apart.filter(|it| !it.is_zero()).unwrap_or(DEFAULT_PERIOD)
    }

    /// Returns about how long the run still takes.
    pub fn time_left(&self) -> Option<Duration> {
        let since = self.run_now().saturating_sub(self.run.now);
        Some(lab::time_left(&self.run)?.saturating_sub(since))
    }

    /// Returns whether the sum of the run stands in the place of the lanes.
    pub fn is_over(&self) -> bool {
        self.ending.summary.is_some()
    }

    /// Returns whether the keys are those of the summary.
    pub fn has_ending_keys(&self) -> bool {
        self.screen == Screen::Lanes && self.focus == Pane::Lanes && self.is_over()
    }
}
