//! State of the screen of experiments.

use std::sync::Arc;
use std::time::Duration;

use super::TextScroll;
use crate::lab::{Experiment, ExperimentFindings};
use crate::model::{CallId, Cap, History, LoadSample, Plan};

/// Experiments whose results stay; the oldest go first.
const MOST: usize = 8;

/// State of the screen of experiments.
#[derive(Debug, Default)]
pub struct Experiments {
    /// The plan that was given; `None` where experiments cannot be done here.
    pub plan: Option<Arc<Plan>>,
    /// The experiments of this session, and the sweep that was stopped before
    /// it; the oldest first.
    pub all: Vec<Arc<Experiment>>,
    /// The one that is shown.
    shown: usize,
    /// The number of the latest one.
    number: u64,
    /// How busy the latest one's run under way is, or its last one was.
    pub load: Option<Arc<History<LoadSample>>>,
    /// Time of its last change.
    pub at: Duration,
    /// The cap that a load under way was asked to go on at.
    pub(super) wanted_cap: Option<Cap>,
    /// The number of the notice that was shown last.
    pub notice_seen: u64,
    /// How far its text is scrolled.
    pub scroll: TextScroll,
}

/// Which experiment is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperimentKind {
    /// The plan at several caps.
    Compare,
    /// Which cap is worth using.
    Sweep,
    /// The same, going on from where it was stopped.
    GoOn,
    /// A call under load.
    Load(CallId),
}

impl Experiments {
    /// The one that is shown.
    pub fn shown(&self) -> Option<&Arc<Experiment>> {
        self.all.get(self.shown)
    }

    /// Which one is shown, and of how many; `None` where there is no other.
    pub fn place(&self) -> Option<(usize, usize)> {
        (self.all.len() > 1).then(|| (self.shown + 1, self.all.len()))
    }

    /// Whether the latest one is shown.
    pub fn is_latest_shown(&self) -> bool {
        self.shown + 1 >= self.all.len()
    }

    /// Shows another; whether there is one that way.
    pub fn turn(&mut self, by: isize) -> bool {
        let other = self.shown.checked_add_signed(by);
        let Some(other) = other.filter(|it| *it < self.all.len()) else {
            return false;
        };
        self.shown = other;
        self.scroll = TextScroll::default();
        true
    }

    /// Replaces the latest experiment, or adds one if its number is another.
    pub(super) fn take(&mut self, experiment: Arc<Experiment>, number: u64) {
        if self.number == number
            && let Some(latest) = self.all.last_mut()
        {
            *latest = experiment;
            return;
        }
        self.number = number;
        self.all.retain(|before| !goes_on(&experiment, before));
        self.all.push(experiment);
        if self.all.len() > MOST {
            self.all.remove(0);
        }
        self.shown = self.all.len() - 1;
        self.scroll = TextScroll::default();
    }
}

/// Whether an experiment is a sweep that goes on where another ended.
fn goes_on(experiment: &Experiment, before: &Experiment) -> bool {
    let ExperimentFindings::Sweep(now) = &experiment.findings else {
        return false;
    };
    before
        .unfinished_sweep(&experiment.plan)
        .is_some_and(|then| then.request == now.request && now.runs.first() == then.runs.first())
}
