//! The thread on which the dashboard's experiments run, one after another: it
//! takes commands from a queue and publishes its latest status.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};

use super::error::SessionError;
use super::live_runner::{Conditions, LiveRunner};
use super::load_calls::MakeArguments;
use super::saved_sweep::{SavedSweep, SweepName};
use super::session::usable_cores;
use super::signals::{Interruption, SignalRequest, StopRequests};
use super::suspension::ExperimentRun;
use crate::catalogue::Catalogue;
use crate::lab::sweep::{SweepRequest, SweepRun};
use crate::lab::{
    self, COMMAND_QUEUE, Experiment, ExperimentCommand, ExperimentRequest, ExperimentStatus,
    Observer, SEED,
};
use crate::model::{Plan, Snapshot};

/// The thread, and the channels to and from it.
pub(crate) struct ExperimentThread {
    commands: mpsc::Sender<ExperimentCommand>,
    status: watch::Receiver<ExperimentStatus>,
    under_way: ExperimentRun,
    thread: JoinHandle<()>,
}

impl ExperimentThread {
    /// Starts the thread; it runs nothing before it is told to. `plan` is the
    /// one of the command line, if any was given; with `arguments`, the first load
    /// has those.
    pub(crate) fn start(
        plan: &Plan,
        catalogue: &Arc<Catalogue>,
        conditions: Conditions,
        resume: ResumePolicy,
        arguments: Option<MakeArguments>,
    ) -> Result<Self, SessionError> {
        let (commands, queue) = mpsc::channel(COMMAND_QUEUE);
        let first = match resume {
            ResumePolicy::Forget => ExperimentStatus::of(plan),
            ResumePolicy::Save => unfinished_before(plan, catalogue, &conditions),
        };
        let (publisher, status) = watch::channel(first);
        let queue = CommandQueue {
            commands: queue,
            is_closing: false,
        };
        let mut runner = LiveRunner::new(Arc::clone(catalogue), conditions, || Ok(queue))?;
        let under_way = runner.under_way();
        let thread = std::thread::Builder::new()
            .name("fanout-lab".to_owned())
            .spawn(move || {
                runner.set_arguments(arguments);
                run_experiments(&mut runner, &publisher, resume);
            })
            .map_err(SessionError::ExperimentThread)?;
        Ok(Self {
            commands,
            status,
            under_way,
            thread,
        })
    }

    /// Returns the run under way, for whoever suspends the program.
    pub(crate) fn under_way(&self) -> ExperimentRun {
        self.under_way.clone()
    }

    /// Returns the queue of commands.
    pub(crate) fn commands(&self) -> mpsc::Sender<ExperimentCommand> {
        self.commands.clone()
    }

    /// Returns the latest status, marked as changed.
    pub(crate) fn status(&self) -> watch::Receiver<ExperimentStatus> {
        let mut status = self.status.clone();
        status.mark_changed();
        status
    }

    /// Stops the experiment under way, and ends the thread once nothing of it
    /// runs any more. Each time `interrupted` returns, what is left is killed.
    pub(crate) async fn close(mut self, mut interrupted: impl AsyncFnMut()) -> io::Result<()> {
        loop {
            // A full queue has commands to stop in it already.
            let _ = self.commands.try_send(ExperimentCommand::Close);
            let ended = async { while self.status.changed().await.is_ok() {} };
            tokio::select! {
                () = ended => break,
                () = interrupted() => {}
            }
        }
        let joined = self.thread.join();
        joined.map_err(|_panicked| io::Error::other("the thread of the experiments panicked"))
    }
}

/// Whether the runs of a sweep are saved, so that it can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResumePolicy {
    /// Each run is saved.
    Save,
    /// Nothing is written.
    Forget,
}

/// Returns the status with a sweep of the plan that ended before its time as
/// the first experiment, if there is one.
fn unfinished_before(
    plan: &Plan,
    catalogue: &Catalogue,
    conditions: &Conditions,
) -> ExperimentStatus {
    let mut status = ExperimentStatus::of(plan);
    let request = SweepRequest::usual(plan, usable_cores(), SEED);
    let name = SweepName::of(plan, &request, conditions, catalogue);
    let runs = SavedSweep::unfinished(&name);
    if !runs.is_empty() {
        let stopped = Experiment::stopped(Arc::clone(&status.plan), request, runs);
        status.experiment = Some(Arc::new(stopped));
        status.number = 1;
    }
    status
}

/// Runs the experiments that are asked for, until the thread is closed.
fn run_experiments(
    runner: &mut LiveRunner<CommandQueue>,
    publisher: &watch::Sender<ExperimentStatus>,
    resume: ResumePolicy,
) {
    while let Some(command) = runner.requests().next_command() {
        let ExperimentCommand::Begin(plan, request) = command else {
            continue;
        };
        // What stopped the experiment before is no matter of this one.
        let _of_before = runner.take_interruption();
        let mut observer = DashboardObserver {
            publisher,
            saved: SavedSweep::none(),
        };
        if let (ExperimentRequest::Sweep(request, runs), ResumePolicy::Save) = (&request, resume) {
            let name = SweepName::of(&plan, request, runner.conditions(), runner.catalogue());
            observer.saved = SavedSweep::begin(&name, runs).unwrap_or_else(|error| {
                observer.cannot_resume(&error);
                SavedSweep::none()
            });
        }
        publisher.send_modify(|status| {
            status.number += 1;
            status.experiment = None;
        });
        let ended = lab::conduct(&plan, request, runner, &mut observer);
        // Those of the command line are for its own load, which is the first.
        runner.set_arguments(None);
        if ended.findings.error().is_none() {
            observer.saved.remove();
        }
    }
}

/// Publishes an experiment to the dashboard, and saves its runs.
struct DashboardObserver<'a> {
    publisher: &'a watch::Sender<ExperimentStatus>,
    saved: SavedSweep,
}

impl DashboardObserver<'_> {
    fn cannot_resume(&mut self, error: &io::Error) {
        self.warned(&format!("this sweep cannot be resumed later: {error}"));
    }
}

impl Observer for DashboardObserver<'_> {
    fn run_changed(&mut self, run: &Snapshot) {
        self.publisher.send_if_modified(|status| {
            let is_new = !Arc::ptr_eq(&status.load, &run.load_samples);
            status.load = Arc::clone(&run.load_samples);
            is_new
        });
    }

    fn run_counted(&mut self, run: &SweepRun) {
        if let Err(error) = self.saved.add(run) {
            self.cannot_resume(&error);
        }
    }

    fn updated(&mut self, experiment: &Experiment) {
        let experiment = Some(Arc::new(experiment.clone()));
        self.publisher
            .send_modify(|status| status.experiment = experiment);
    }

    fn warned(&mut self, text: &str) {
        self.publisher.send_modify(|status| {
            let number = status.notice.as_ref().map_or(0, |(number, _)| *number);
            status.notice = Some((number + 1, text.into()));
        });
    }
}

/// The commands of the dashboard. While an experiment runs, those that stop it
/// are requests to its run.
struct CommandQueue {
    commands: mpsc::Receiver<ExperimentCommand>,
    is_closing: bool,
}

impl CommandQueue {
    /// Waits for the next command; `None` once the thread is to end.
    fn next_command(&mut self) -> Option<ExperimentCommand> {
        if self.is_closing {
            return None;
        }
        self.commands
            .blocking_recv()
            .filter(|command| *command != ExperimentCommand::Close)
    }
}

impl StopRequests for CommandQueue {
    async fn next(&mut self) -> SignalRequest {
        loop {
            match self.commands.recv().await {
                Some(ExperimentCommand::Begin(..)) => {}
                Some(ExperimentCommand::SetCap(cap)) => return SignalRequest::SetCap(cap),
                Some(ExperimentCommand::Stop) => break,
                // Nobody is left to send commands.
                None if self.is_closing => std::future::pending().await,
                Some(ExperimentCommand::Close) | None => {
                    self.is_closing = true;
                    break;
                }
            }
        }
        SignalRequest::End(Interruption::Interrupted)
    }
}
