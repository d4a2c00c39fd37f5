//! One run from a checked plan to an exit code, whoever looks at it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::config;
use super::exit::{self, Exit};
use super::ground::Ground;
use super::options::{Leaks, OutputOptions, PolicyOptions};
use super::tape::Tape;
use crate::catalogue::Catalogue;
use crate::engine::{self, Engine};
use crate::exec::Spawner;
use crate::lab::{self, Capacity, Load};
use crate::model::{CallId, CallName, CallRow, CallState, LearnedNeed, Outcome, Plan, Snapshot};
use crate::record::NotebookError;
use crate::sched::{DecisionRecord, ToolLimits};
use crate::tui::TuiError;
use crate::{exec, probe, record};

/// Everything that has to exist before a run can begin.
pub(super) struct Session {
    pub(super) ground: Ground,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) plan: Plan,
    tape: Option<Tape>,
    /// What calls of the plan's tools were seen to need before.
    learned: Vec<LearnedNeed>,
    /// What multiplies the start times of the run.
    time_scale: f64,
}

/// The program cannot run here.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error("calls cannot be contained here: failed to {0}")]
    Containment(#[from] exec::ContainmentError),
    #[error("the runtime cannot be started")]
    Runtime(#[source] io::Error),
    #[error("the folder of the run cannot be made at {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the current folder is unknown")]
    CurrentFolder(#[source] io::Error),
    #[error("the own program file is unknown")]
    OwnProgram(#[source] io::Error),
    #[error("the probe cannot be started")]
    Probe(#[source] io::Error),
    #[error("the terminal cannot be used")]
    Terminal(#[source] io::Error),
    #[error("the dashboard ended: failed to {0}")]
    Dashboard(#[from] TuiError),
    #[error("the program cannot be suspended")]
    Suspend(#[source] io::Error),
    #[error("the record of the run cannot be made at {}", path.display())]
    Record {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the report cannot be written to {}", path.display())]
    Report {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("signals cannot be listened to")]
    Signals(#[source] io::Error),
    #[error("the thread of the experiments cannot be started")]
    Laboratory(#[source] io::Error),
    #[error("the engine died")]
    EngineDied(#[source] tokio::task::JoinError),
    #[error(transparent)]
    Unbalanced(#[from] lab::Imbalance),
}

impl Session {
    /// A plan on the ground that it runs on.
    pub(super) fn new(ground: Ground, plan: Plan, catalogue: Arc<Catalogue>) -> Self {
        Self {
            ground,
            catalogue,
            plan,
            tape: None,
            learned: Vec::new(),
            time_scale: 1.0,
        }
    }

    /// Has the run's decisions recorded in a file, once it starts.
    fn record(&mut self, path: &Path) -> Result<mpsc::Sender<DecisionRecord>, SessionError> {
        let begun = Tape::begin(path, &self.ground.runtime);
        let (tape, sender) = begun.map_err(|source| SessionError::Record {
            path: path.to_owned(),
            source,
        })?;
        self.tape = Some(tape);
        Ok(sender)
    }

    /// Starts the engine; `recorder` gets every event.
    pub(super) fn start(
        &mut self,
        policy: &PolicyOptions,
        lifetime: engine::Lifetime,
        recorder: Option<engine::Recorder>,
        record: Option<&Path>,
    ) -> Result<Engine, SessionError> {
        self.time_scale = policy.time_scale;
        let tape = record.map(|path| self.record(path)).transpose()?;
        let _inside = self.ground.runtime.enter();
        let asked = policy.policy(&self.plan);
        if let Some(most) = self.ground.containment.most_lanes()
            && most < asked.cap
        {
            exit::complain(&format!(
                "open files leave room for {most} lanes, not {}",
                asked.cap
            ));
        }
        Ok(engine::start(engine::Setup {
            run: self.ground.folder.run.clone(),
            plan: self.plan.clone(),
            policy: asked,
            seed: policy.seed,
            time_scale: policy.time_scale,
            lifetime,
            catalogue: Arc::clone(&self.catalogue),
            cores: usable_cores(),
            spawner: self.ground.attempts(),
            store: self.ground.store.clone(),
            probe: probe::start(sample_period()).map_err(SessionError::Probe)?,
            learned: self.learned.clone(),
            surroundings: self.ground.surroundings.clone(),
            recorder,
            tape,
        }))
    }

    /// Whether the report can be written later: a path that cannot be written
    /// is better known before the run than after it. What is there stays; a
    /// pipe is not touched, since its reader would take that for all.
    pub(super) fn check_report(options: &OutputOptions) -> Result<(), SessionError> {
        let Some(path) = &options.report else {
            return Ok(());
        };
        if fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir()) {
            return Ok(());
        }
        let file = File::options().create(true).append(true).open(path);
        file.map(drop).map_err(|source| SessionError::Report {
            path: path.to_owned(),
            source,
        })
    }

    /// Writes the report, and decides the exit code of a run that nobody
    /// interrupted.
    pub(super) fn close(&mut self, last: &Snapshot, options: &OutputOptions) -> Exit {
        let tape = self.tape.take();
        let taped = tape.map_or(Ok(()), |tape| tape.end(&self.ground.runtime));
        if let Err(error) = &taped {
            exit::complain(&format!("the record of the run is incomplete: {error}"));
        }
        if let Some(problem) = self.ground.store.problem() {
            exit::complain(&format!("long outputs were not kept on disk: {problem}"));
        }
        for hazard in last.hazards.iter() {
            exit::complain(&format!("hazard: {hazard}"));
        }
        if let Some(path) = &options.report
            && let Err(error) = self.write_report(last, path)
        {
            exit::complain(&format!(
                "the report cannot be written to {}: {error}",
                path.display()
            ));
            return Exit::CannotRun;
        }
        if taped.is_err() {
            return Exit::CannotRun;
        }
        verdict(last, &self.plan, options.leaks)
    }

    /// Keeps a run that was not broken off, for the next run of the plan.
    pub(super) fn remember(&self, last: &Snapshot, options: &OutputOptions) {
        let calls = &self.plan.calls;
        let Some(notebook) = options.notebook() else {
            return;
        };
        if let Some(run) = record::PastRun::of(last, calls.len())
            && let Err(error) = notebook.keep(calls, self.time_scale, &run)
        {
            exit::complain(&format!("this run is not kept: {error}"));
        }
        if let Err(error) = notebook.keep_needs(self.catalogue.tools(), &last.learned) {
            exit::complain(&format!("what calls need is not kept: {error}"));
        }
    }

    /// Takes up what calls of the tools were seen to need in earlier runs; files
    /// of the notebook that cannot be used, the run can go on without.
    pub(super) fn recall_needs(&mut self, options: &OutputOptions) -> Vec<NotebookError> {
        let Some(notebook) = options.notebook() else {
            return Vec::new();
        };
        let (learned, errors) = notebook.needs(self.catalogue.tools());
        self.learned = learned;
        errors
    }

    fn write_report(&self, last: &Snapshot, path: &Path) -> io::Result<()> {
        let report = record::Report {
            last,
            bounds: self.bounds(last),
            outputs: &|id| self.output_of(last, id),
        };
        let mut file = BufWriter::new(File::create(path)?);
        report.write(&mut file)?;
        file.flush()
    }

    /// What a call printed, as reports show it.
    pub(super) fn output_of(&self, last: &Snapshot, id: CallId) -> record::CallOutput {
        let tool = last
            .row(id)
            .and_then(|row| self.catalogue.get(&row.tool))
            .map(|tool| tool.output);
        let kind = tool.unwrap_or_default();
        let (value, is_truncated) = engine::output_value(&self.ground.store, kind, id);
        // A call that never began has no output, not an empty one.
        let value = value.filter(|_| last.row(id).is_some_and(|row| !row.attempts.is_empty()));
        record::CallOutput {
            value: value.map(Arc::unwrap_or_clone),
            stderr: String::from_utf8_lossy(&self.ground.store.stderr_tail(id).bytes).into_owned(),
            is_truncated,
        }
    }

    /// What the run could have taken at best.
    fn bounds(&self, last: &Snapshot) -> record::Bounds {
        let origin = last.calls.iter().map(|row| row.queued + row.waited.after);
        let origin = origin.min().unwrap_or_default();
        let calls = last.calls.iter();
        let loads: Vec<Load> = calls
            .map(|row| Load::measured(row, origin, self.time_scale))
            .collect();
        let tools: Vec<ToolLimits> = self.catalogue.tools().filter_map(ToolLimits::of).collect();
        let capacity = Capacity {
            cap: last.highest_cap.get(),
            cores: Some(f64::from(last.cores)),
            tools: &tools,
        };
        let bounds = lab::bounds(&loads, &capacity);
        record::Bounds {
            critical_path: Some(bounds.critical_path),
            lower_bound: Some(bounds.lower_bound),
            binding: Some(bounds.binding.to_string()),
        }
    }
}

/// Cores that this process and what it starts may use.
pub(super) fn usable_cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(cores).unwrap_or(u32::MAX)
}

/// Checks the account of a run that has ended: a fault in it is an error where
/// the program is being worked on, and a warning elsewhere.
pub(super) fn audit(last: &Snapshot) -> Result<(), SessionError> {
    match lab::balance(last) {
        Err(fault) if cfg!(debug_assertions) => Err(fault.into()),
        Err(fault) => {
            exit::complain(&fault.to_string());
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// How often the machine and the calls are read.
pub(super) fn sample_period() -> Duration {
    let (options, _) = config::options();
    options.sample_period.unwrap_or_default().0
}

/// Exit code of a run: every call must have succeeded, or failed as planned,
/// or been skipped because of a planned failure.
pub(super) fn verdict(last: &Snapshot, plan: &Plan, leaks: Leaks) -> Exit {
    let planned_skips = dependents(plan, &plan.expected_failures);
    let is_as_planned = |row: &CallRow| match row.state {
        CallState::Ended(Outcome::Succeeded) => !plan.expected_failures.contains(&row.name),
        CallState::Ended(Outcome::Leaked) => leaks == Leaks::Pass,
        CallState::Ended(Outcome::Failed) => plan.expected_failures.contains(&row.name),
        CallState::Ended(Outcome::Skipped) => planned_skips.contains(&row.id),
        _ => false,
    };
    if last.calls.iter().all(|row| is_as_planned(row)) {
        Exit::Success
    } else {
        Exit::CallFailed
    }
}

/// Every call that depends on one of `roots`, directly or not.
fn dependents(plan: &Plan, roots: &[CallName]) -> BTreeSet<CallId> {
    let first = plan.calls.iter().filter(|call| roots.contains(&call.name));
    let mut reached: BTreeSet<CallId> = first.map(|call| call.id).collect();
    loop {
        let before = reached.len();
        for call in &plan.calls {
            if call.after.iter().any(|edge| reached.contains(&edge.call)) {
                reached.insert(call.id);
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}
