//! Begins experiments, and follows what is told of them.

use std::sync::Arc;

use super::refusal::of_experiment;
use super::{ExperimentKind, State, ToastLevel, UiCommand};
use crate::lab::sweep::{self, Sweep};
use crate::lab::{
    Experiment, ExperimentCommand, ExperimentFindings, ExperimentRequest, ExperimentStatus, SEED,
    compare,
};
use crate::model::{CallId, Plan};
use crate::output::Safe;

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
            let id = CallId::from_index(index);
            let mut call = Arc::clone(&row.call);
            if call.id != id {
                Arc::make_mut(&mut call).id = id;
            }
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
