//! State of the screen of experiments.

use std::sync::Arc;
use std::time::Duration;

use super::refusal::of_experiment;
use super::{State, TextScroll, ToastLevel, UiCommand};
use crate::lab::sweep::{self, Sweep};
use crate::lab::{
    Experiment, ExperimentCommand, ExperimentFindings, ExperimentRequest, ExperimentStatus, SEED,
    compare,
};
use crate::model::{CallId, History, LoadSample, Plan};
use crate::output::Safe;

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
    fn take(&mut self, experiment: Arc<Experiment>, number: u64) {
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

impl State {
    /// Whether an experiment's runs are under way.
    pub fn is_experimenting(&self) -> bool {
        let latest = self.experiments.all.last();
        latest.is_some_and(|it| it.is_under_way())
    }

    /// The plan that experiments are done with: the one that was given, else
    /// the calls that were added by hand.
    pub fn plan_to_try(&self) -> Option<Arc<Plan>> {
        let given = self.experiments.plan.as_ref()?;
        if !given.calls.is_empty() {
            return Some(Arc::clone(given));
        }
        let rows = self.run.calls.iter();
        let calls = rows.enumerate().map(|(index, row)| {
            let mut call = (*row.call).clone();
            call.id = CallId::from_index(index);
            call
        });
        let plan = Plan {
            name: "calls added here".to_owned(),
            calls: calls.collect(),
            ..(**given).clone()
        };
        (!plan.calls.is_empty()).then(|| Arc::new(plan))
    }

    /// Returns the request to the lab. A comparison takes the current cap.
    pub fn experiment_asked(&self, kind: ExperimentKind, plan: &Plan) -> ExperimentRequest {
        match kind {
            ExperimentKind::Compare => {
                let auto = self.run.auto.map(|auto| auto.lanes);
                let cap = auto.unwrap_or(self.run.policy.cap);
                ExperimentRequest::Compare(compare::CompareRequest::usual(Some(cap), SEED))
            }
            ExperimentKind::Sweep => ExperimentRequest::Sweep(self.usual_sweep(plan), Vec::new()),
            ExperimentKind::GoOn => {
                let earlier = self.unfinished_sweep(plan);
                let runs = earlier.map(|it| it.runs.clone()).unwrap_or_default();
                // Only runs that are of use are counted.
                let sweep = Sweep::new(self.usual_sweep(plan), runs);
                ExperimentRequest::Sweep(sweep.request, sweep.runs)
            }
        }
    }

    fn usual_sweep(&self, plan: &Plan) -> sweep::SweepRequest {
        sweep::SweepRequest::usual(plan, self.run.cores, SEED)
    }

    /// The latest sweep of this plan, where it ended before its time and can be
    /// gone on with.
    pub fn unfinished_sweep(&self, plan: &Plan) -> Option<&sweep::SweepFindings> {
        let is_sweep = |it: &&Arc<Experiment>| matches!(it.findings, ExperimentFindings::Sweep(_));
        let latest = self.experiments.all.iter().rev().find(is_sweep)?;
        let findings = latest.unfinished_sweep(plan)?;
        (findings.request == self.usual_sweep(plan)).then_some(findings)
    }

    /// Replaces the status of the experiments. An experiment that is over says so
    /// wherever the user looks.
    pub fn set_experiment_status(&mut self, news: ExperimentStatus) {
        let was_under_way = self.is_experimenting();
        let experiments = &mut self.experiments;
        experiments.plan = Some(news.plan);
        if let Some(experiment) = news.experiment {
            experiments.take(experiment, news.number);
        }
        let is_known = !experiments.all.is_empty() && !news.load.is_empty();
        experiments.load = is_known.then_some(news.load);
        experiments.at = self.now;
        if let Some((number, text)) = news.notice
            && number > experiments.notice_seen
        {
            experiments.notice_seen = number;
            self.notify(ToastLevel::Warn, Safe::new(&text));
        }
        if was_under_way && !self.is_experimenting() {
            self.notify(ToastLevel::Info, "the experiment is over");
        }
    }

    /// Begins an experiment, unless something has begun since it was asked for.
    pub(in crate::tui) fn begin_experiment(
        &mut self,
        kind: ExperimentKind,
        commands: &mut Vec<UiCommand>,
    ) {
        if let Some(reason) = of_experiment(self) {
            self.notify(ToastLevel::Info, reason);
        } else if let Some(plan) = self.plan_to_try() {
            let asked = self.experiment_asked(kind, &plan);
            commands.push(UiCommand::Experiment(ExperimentCommand::Begin(plan, asked)));
        }
    }
}
