//! The end of a run: its sum, and what can be done next.

use std::sync::Arc;
use std::time::Duration;

use super::{Pane, Screen, State, TextScroll};
use crate::lab::{self, RunSummary, SummaryContext};
use crate::model::{CallRow, Cap, DEFAULT_PERIOD, SharedVec};
use crate::tui::action::Action;

/// State of the summary.
#[derive(Debug, Default)]
pub struct EndingView {
    /// The sum of the run; `None` while something runs.
    pub summary: Option<Arc<RunSummary>>,
    /// The rows that it was made of.
    made_of: SharedVec<Arc<CallRow>>,
    /// The choice that is marked.
    chosen: usize,
    /// How far its text is scrolled.
    pub scroll: TextScroll,
}

impl EndingView {
    /// Actions that can be chosen, in their order.
    pub const CHOICES: [Action; 4] = [
        Action::RunAgain,
        Action::WriteReport,
        Action::ScreenTimeline,
        Action::ScreenExperiments,
    ];

    /// The action that is marked.
    pub fn choice(&self) -> Action {
        let [first, ..] = Self::CHOICES;
        Self::CHOICES.get(self.chosen).copied().unwrap_or(first)
    }

    /// Marks another choice, as far as there is one.
    pub fn step(&mut self, by: isize) {
        let last = Self::CHOICES.len() - 1;
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }
}

impl State {
    /// Sums the run up once every call has ended.
    pub(super) fn settle_ending(&mut self) {
        if self.run.counts.open() > 0 || self.run.counts.ended() == 0 {
            self.ending.summary = None;
            return;
        }
        if self.ending.summary.is_some() && self.ending.made_of.is_same(&self.run.calls) {
            return;
        }
        self.ending.made_of = self.run.calls.clone();
        let calls = self.run.round_rows().count();
        let mut earlier = self.timeline.before.iter();
        let earlier = earlier.find(|it| it.cap == Cap::ONE && it.calls == calls);
        let context = SummaryContext {
            one_lane: earlier.map(|it| it.wall),
            time_scale: self.time_scale,
        };
        let tools = self.catalogue.tools();
        let summary = RunSummary::of(&self.run, tools, context);
        self.ending.summary = summary.map(Arc::new);
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
