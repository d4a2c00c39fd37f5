//! State of the summary at the end of a run.

use std::sync::Arc;

use super::TextScroll;
use crate::lab::{RunSummary, SummaryContext};
use crate::model::{CallRow, SharedVec, Snapshot, Tool};
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

    /// Sums a run up once every call has ended. `context` is asked for only
    /// where something has changed.
    pub(super) fn settle<'t>(
        &mut self,
        run: &Snapshot,
        tools: impl Iterator<Item = &'t Tool>,
        context: impl FnOnce() -> SummaryContext,
    ) {
        if run.counts.open() > 0 || run.counts.ended() == 0 {
            self.summary = None;
            return;
        }
        if self.summary.is_some() && self.made_of.is_same(&run.calls) {
            return;
        }
        self.made_of = run.calls.clone();
        self.summary = RunSummary::of(run, tools, context()).map(Arc::new);
    }
}
