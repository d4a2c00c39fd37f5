//! One run from a checked plan to its report.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::decision_log::DecisionLog;
use super::diagnostics::{chain, complain};
use super::environment::RunEnvironment;
use super::error::SessionError;
use crate::catalogue::Catalogue;
use crate::engine::{self, Engine};
use crate::exec::Spawner;
use crate::lab::{self, RunSummary, SummaryContext};
use crate::model::{CallId, LearnedNeed, Plan, Policy, Snapshot};
use crate::output::ExportFile;
use crate::probe;
use crate::record::{self, HistoryError, HistoryStore, PastRun, ReportState, ReportedOutput};
use crate::sched::DecisionRecord;

/// A plan, and everything that has to exist before its run can begin.
pub(crate) struct Session {
    pub(crate) environment: RunEnvironment,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) plan: Plan,
    log: Option<DecisionLog>,
    report: Option<ExportFile>,
    /// Whether the file in the report's place is of this run.
    is_report_begun: bool,
    /// Resources that calls of the plan's tools needed in earlier runs.
    learned: Vec<LearnedNeed>,
    /// Factor on the start times of the run.
    time_scale: f64,
}

/// How a run is conducted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RunSettings {
    /// Cap, failure policy and order.
    pub(crate) policy: Policy,
    /// Seed of the random delays before retries.
    pub(crate) seed: u64,
    /// Factor on waits that the plan records or asks for.
    pub(crate) time_scale: f64,
    /// Time between two samples of the machine and the calls.
    pub(crate) sample_period: Duration,
}

impl Session {
    /// Joins a checked plan with the environment that it runs in.
    pub(crate) fn new(environment: RunEnvironment, plan: Plan, catalogue: Arc<Catalogue>) -> Self {
        Self {
            environment,
            catalogue,
            plan,
            log: None,
            report: None,
            is_report_begun: false,
            learned: Vec::new(),
            time_scale: 1.0,
        }
    }

    /// Makes the file of the scheduler's decisions.
    fn record(&mut self, path: &Path) -> Result<mpsc::Sender<DecisionRecord>, SessionError> {
        let begun = DecisionLog::begin(path, &self.environment.runtime);
        let (log, sender) = begun.map_err(SessionError::Record)?;
        self.log = Some(log);
        Ok(sender)
    }

    /// Starts the engine. It shows calls of `agents`; `recorder` gets every event; the scheduler's
    /// decisions go to the file `record`.
    pub(crate) fn start(
        &mut self,
        settings: &RunSettings,
        lifetime: engine::Lifetime,
        agents: Option<engine::AgentFeed>,
        recorder: Option<engine::Recorder>,
        record: Option<&Path>,
    ) -> Result<Engine, SessionError> {
        self.time_scale = settings.time_scale;
        let tape = record.map(|path| self.record(path)).transpose()?;
        let _inside = self.environment.runtime.enter();
        let policy = settings.policy;
        if let Some(limit) = self.environment.containment.lane_limit()
            && limit.cap < policy.cap
        {
            complain(&limit.explain(policy.cap));
        }
        tracing::info!(
            run = %self.environment.folder.run,
            calls = self.plan.calls.len(),
            cap = %policy.cap,
            control = ?policy.control,
            "run starting"
        );
        let engine = engine::start(engine::Setup {
            run: self.environment.folder.run.clone(),
            plan: self.plan.clone(),
            policy,
            seed: settings.seed,
            time_scale: settings.time_scale,
            lifetime,
            catalogue: Arc::clone(&self.catalogue),
            cores: usable_cores(),
            spawner: self.environment.attempts(),
            store: self.environment.store.clone(),
            probe: probe::start(settings.sample_period).map_err(SessionError::Probe)?,
            learned: self.learned.clone(),
            surroundings: self.environment.surroundings.clone(),
            agents,
            load: None,
            recorder,
            tape,
        });
        if let Some(file) = &self.report {
            let begun = self.begin_report(file, &engine.handle().latest());
            if let Err(error) = &begun {
                complain(&format!("{}; it is tried again at the end", chain(error)));
            }
            self.is_report_begun = begun.is_ok();
        }
        Ok(engine)
    }

    /// Opens the place of the report, before anything starts: a path that
    /// cannot be written is an error now and not after the run.
    pub(crate) fn open_report(&mut self, path: &Path) -> Result<(), SessionError> {
        let report = ExportFile::open(path).map_err(SessionError::Report)?;
        if report.is_stream() {
            complain(&format!(
                "{} is no regular file: the report is written to it once, at the end",
                path.display()
            ));
        }
        self.report = Some(report);
        Ok(())
    }

    /// Ends the files of the run: warns of what was not kept, and writes the
    /// report.
    pub(crate) fn close(
        &mut self,
        last: &Snapshot,
        state: ReportState,
    ) -> Result<(), SessionError> {
        let log = self.log.take();
        let logged = log.map_or(Ok(()), |log| log.end(&self.environment.runtime));
        if let Some(problem) = self.environment.store.problem() {
            complain(&format!("long outputs were not kept on disk: {problem}"));
        }
        for hazard in last.hazards.iter() {
            complain(&format!("hazard: {hazard}"));
        }
        if let Some(file) = &self.report
            && let Err(error) = self.write_report(file, last, state)
        {
            if self.is_report_begun {
                // It would say for ever that the run goes on.
                file.remove();
            }
            return Err(error);
        }
        logged.map_err(SessionError::RecordIncomplete)
    }

    /// Keeps a run that went to its end, for the next run of the plan.
    pub(crate) fn remember(&self, last: &Snapshot, history: Option<&HistoryStore>) {
        let calls = &self.plan.calls;
        let Some(history) = history else {
            return;
        };
        if let Some(run) = record::PastRun::of(last, calls.len())
            && let Err(error) = history.keep_run(calls, self.time_scale, &run)
        {
            complain(&format!("this run is not kept: {error}"));
        }
        if let Err(error) = history.keep_needs(self.catalogue.tools(), &last.learned) {
            complain(&format!("what calls need is not kept: {error}"));
        }
    }

    /// Reads what calls of the tools needed in earlier runs. Returns the files
    /// that cannot be used; the run does without them.
    pub(crate) fn recall_needs(&mut self, history: Option<&HistoryStore>) -> Vec<HistoryError> {
        let Some(history) = history else {
            return Vec::new();
        };
        let (learned, errors) = history.needs(self.catalogue.tools());
        self.learned = learned;
        errors
    }

    /// Writes the report of the run that begins; the one before is kept. A
    /// pipe or a device gets the report at the end only.
    fn begin_report(&self, file: &ExportFile, begun: &Snapshot) -> Result<(), SessionError> {
        if file.is_stream() {
            return Ok(());
        }
        file.keep_previous().map_err(SessionError::Report)?;
        let written = self.write_report(file, begun, ReportState::Running);
        if written.is_err() {
            // The one of another run, which is kept: here it would look new.
            file.remove();
        }
        written
    }

    fn write_report(
        &self,
        file: &ExportFile,
        last: &Snapshot,
        state: ReportState,
    ) -> Result<(), SessionError> {
        let report = record::Report {
            state,
            last,
            bounds: self.bounds(last),
            outputs: &|id| self.output_of(last, id),
        };
        let written = file.replace(|out| report.write(out));
        written.map_err(SessionError::Report)
    }

    /// Returns the output of a call, as reports show it.
    pub(crate) fn output_of(&self, last: &Snapshot, id: CallId) -> ReportedOutput {
        let row = last.row(id);
        let tool = row.and_then(|row| self.catalogue.get(&row.tool));
        let kind = tool.map(|tool| tool.output).unwrap_or_default();
        let store = &self.environment.store;
        row.map_or_else(ReportedOutput::default, |row| {
            ReportedOutput::of(store, row, kind)
        })
    }

    /// Sums up a run that has ended.
    pub(crate) fn summary(
        &self,
        last: &Snapshot,
        history: Option<&HistoryStore>,
    ) -> Option<RunSummary> {
        let runs = history.map(|it| it.past_runs(&self.plan.calls, self.time_scale));
        // A history that cannot be read is told of elsewhere.
        let runs = runs.and_then(Result::ok).unwrap_or_default();
        let context = SummaryContext {
            one_lane: PastRun::at_cap_one(&runs, self.plan.calls.len()),
            time_scale: self.time_scale,
        };
        RunSummary::of(last, self.catalogue.tools(), context)
    }

    /// Returns the bounds on the time of the run, and its sum once it is over.
    fn bounds(&self, last: &Snapshot) -> record::Bounds {
        let summary = self.summary(last, None);
        let bounds = match &summary {
            Some(summary) => summary.bounds.clone(),
            None => lab::run_bounds(last, self.time_scale, self.catalogue.tools()),
        };
        record::Bounds {
            critical_path: Some(bounds.critical_path),
            lower_bound: Some(bounds.lower_bound),
            binding: Some(bounds.binding.to_string()),
            summary: summary.map(|it| it.document()),
        }
    }
}

/// Returns the number of cores that this process and its children may use.
pub(crate) fn usable_cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(cores).unwrap_or(u32::MAX)
}
