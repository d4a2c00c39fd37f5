//! Where the screen of experiments stands.

use std::sync::Arc;
use std::time::Duration;

use super::{Level, State};
use crate::lab::{Asked, Experiment, compare, sweep};
use crate::model::{CallId, History, Plan, Pulse};
use crate::output::Safe;
use crate::tui::laboratory::News;

/// Seed of the order of the caps, the same as the commands' by default.
const SEED: u64 = 1;

/// Where the screen of experiments stands.
#[derive(Debug, Default)]
pub struct Experiments {
    /// The plan that was given; `None` where experiments cannot be done here.
    pub plan: Option<Arc<Plan>>,
    /// The latest experiment.
    pub latest: Option<Arc<Experiment>>,
    /// How busy its run under way is, or its last one was.
    pub load: Option<Arc<History<Pulse>>>,
    /// When it was heard of last.
    pub at: Duration,
    /// The number of the notice that was shown last.
    pub notice_seen: u64,
    /// The first visible line of its words.
    pub first: usize,
}

/// Which experiment is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The plan at several caps.
    Compare,
    /// Which cap is worth using.
    Sweep,
}

impl State {
    /// Whether an experiment's runs are under way.
    pub fn is_experimenting(&self) -> bool {
        let latest = self.experiments.latest.as_ref();
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

    /// What would be asked of the lab. A comparison takes the cap in force.
    pub fn experiment_asked(&self, kind: Kind, plan: &Plan) -> Asked {
        match kind {
            Kind::Compare => {
                let cap = Some(self.run.policy.cap);
                Asked::Compare(compare::Request::usual(cap, SEED))
            }
            Kind::Sweep => {
                let cores = self.run.cores;
                Asked::Sweep(sweep::Request::usual(plan, cores, SEED))
            }
        }
    }

    /// Takes in what the laboratory tells. An experiment that is over says so
    /// wherever the user looks.
    pub fn learn(&mut self, news: News) {
        let was_under_way = self.is_experimenting();
        let experiments = &mut self.experiments;
        experiments.plan = Some(news.plan);
        experiments.load = news.experiment.is_some().then_some(news.load);
        experiments.latest = news.experiment;
        experiments.at = self.now;
        if let Some((number, text)) = news.notice
            && number > experiments.notice_seen
        {
            experiments.notice_seen = number;
            self.say(Level::Warn, Safe::new(&text));
        }
        match (was_under_way, self.is_experimenting()) {
            (false, true) => self.experiments.first = 0,
            (true, false) => self.say(Level::Info, "the experiment is over"),
            _ => {}
        }
    }
}
