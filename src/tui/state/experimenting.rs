//! Begins experiments, and follows what is told of them.

use std::sync::Arc;

use super::refusal::of_experiment;
use super::{ExperimentKind, Screen, State, ToastLevel, UiCommand};
use crate::lab::load::{LoadFindings, LoadLevel, LoadRequest};
use crate::lab::sweep::{self, Sweep};
use crate::lab::{
    Experiment, ExperimentCommand, ExperimentFindings, ExperimentRequest, ExperimentStatus, SEED,
    compare,
};
use crate::model::{Call, CallId, Cap, Plan};
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

    /// Returns the plan that an experiment of this kind is done with.
    pub fn plan_of(&self, kind: ExperimentKind) -> Option<Arc<Plan>> {
        let ExperimentKind::Load(call) = kind else {
            return self.plan_to_try();
        };
        let row = self.run.row(call)?;
        let mut call = Call::clone(&row.call);
        call.id = CallId::from_index(0);
        call.after.clear();
        if row.are_args_resolved {
            call.args = Arc::clone(&row.args);
            call.are_args_final = true;
        }
        Some(Arc::new(Plan {
            name: row.tool.as_str().to_owned(),
            calls: vec![Arc::new(call)],
            ..Plan::default()
        }))
    }

    /// Returns the call that a load repeats: the selected one, or in the catalogue
    /// the latest of the selected tool.
    pub fn call_to_load(&self) -> Option<CallId> {
        if self.screen != Screen::Catalogue {
            return self.selected().map(|row| row.call.id);
        }
        let tool = &self.selected_tool()?.name;
        let mut rows = self.run.calls.iter().rev();
        let row = rows.find(|row| row.tool == *tool && row.proxied.is_none())?;
        Some(row.call.id)
    }

    /// Returns the cap of a load under way, as it was asked for last; `None` where
    /// there is none, or where one runs at a rate.
    pub fn cap_of_load(&self) -> Option<Cap> {
        let findings = self.load_under_way()?;
        let level = findings.live.as_ref().map(|step| step.level);
        match level.or(findings.request.levels.first().copied()) {
            Some(LoadLevel::Cap(cap)) => Some(self.experiments.wanted_cap.unwrap_or(cap)),
            _ => None,
        }
    }

    fn load_under_way(&self) -> Option<&LoadFindings> {
        let latest = self.experiments.all.last().filter(|it| it.is_under_way());
        match latest.map(|it| &it.findings) {
            Some(ExperimentFindings::Load(findings)) => Some(findings),
            _ => None,
        }
    }

    /// Changes the cap of a load under way by a lane; false where none is.
    pub(in crate::tui) fn turn_load(&mut self, is_up: bool, commands: &mut Vec<UiCommand>) -> bool {
        if self.load_under_way().is_none() {
            return false;
        }
        if let Some(cap) = self.cap_of_load() {
            let cap = if is_up { cap.raised() } else { cap.lowered() };
            self.experiments.wanted_cap = Some(cap);
            commands.push(UiCommand::Experiment(ExperimentCommand::SetCap(cap)));
        }
        true
    }

    /// Returns the request to the lab. A comparison takes the current cap.
    pub fn experiment_asked(&self, kind: ExperimentKind, plan: &Plan) -> ExperimentRequest {
        match kind {
            ExperimentKind::Compare => {
                let auto = self.run.auto.map(|auto| auto.lanes);
                let cap = auto.unwrap_or(self.run.policy.cap);
                ExperimentRequest::Compare(compare::CompareRequest::usual(Some(cap), SEED))
            }
            ExperimentKind::Load(_) => {
                let level = LoadLevel::Cap(self.latest_cap());
                let mut request = LoadRequest::usual(&plan.name, vec![level]);
                (request.calls, request.time) = (None, None);
                ExperimentRequest::Load(request)
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
        experiments.wanted_cap = None;
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
        } else if let Some(plan) = self.plan_of(kind) {
            let asked = self.experiment_asked(kind, &plan);
            if let ExperimentKind::Load(_) = kind {
                self.show(Screen::Experiments);
            }
            commands.push(UiCommand::Experiment(ExperimentCommand::Begin(plan, asked)));
        }
    }
}
