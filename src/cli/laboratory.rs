//! The dashboard's laboratory: a thread of its own on which experiments run,
//! one after another, while the dashboard looks on.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};

use super::exit::Exit;
use super::experiment::{Conditions, LiveBench, Overseer};
use super::kept_sweep::{KeptSweep, SweepName};
use super::session::{self, SessionError};
use super::suspension::UnderWay;
use crate::catalogue::Catalogue;
use crate::engine::{Command, Engine, EngineHandle};
use crate::lab::{self, Asked, Experiment, Progress, sweep};
use crate::model::{Plan, Snapshot};
use crate::record::Notebook;
use crate::tui::{ExperimentCommand, ExperimentHandle, ExperimentStatus, ORDERS, SEED};

/// The thread, and the way to it.
pub(super) struct Workshop {
    orders: mpsc::Sender<ExperimentCommand>,
    news: watch::Receiver<ExperimentStatus>,
    under_way: UnderWay,
    thread: JoinHandle<()>,
}

impl Workshop {
    /// Starts the thread; it runs nothing before it is ordered to. The plan is
    /// the one that was given, if any was.
    pub(super) fn open(
        plan: &Plan,
        catalogue: &Arc<Catalogue>,
        conditions: Conditions,
        keeping: Keeping,
    ) -> Result<Self, SessionError> {
        let (orders, heard) = mpsc::channel(ORDERS);
        let first = match keeping {
            Keeping::Nothing => ExperimentStatus::of(plan),
            Keeping::Sweeps => unfinished_before(plan, catalogue, &conditions),
        };
        let (tells, news) = watch::channel(first);
        let under_way = UnderWay::default();
        let overseer = Spectator {
            orders: heard,
            tells,
            under_way: under_way.clone(),
            is_closing: false,
        };
        let mut bench = LiveBench::new(Arc::clone(catalogue), conditions, || Ok(overseer))?;
        let thread = std::thread::Builder::new()
            .name("fanout-lab".to_owned())
            .spawn(move || work(&mut bench, keeping))
            .map_err(SessionError::Laboratory)?;
        Ok(Self {
            orders,
            news,
            under_way,
            thread,
        })
    }

    /// The experiment's run under way.
    pub(super) fn under_way(&self) -> UnderWay {
        self.under_way.clone()
    }

    /// What the dashboard needs of it.
    pub(super) fn laboratory(&self) -> ExperimentHandle {
        let mut news = self.news.clone();
        news.mark_changed();
        ExperimentHandle {
            orders: self.orders.clone(),
            news,
        }
    }

    /// Stops what is under way, and ends the thread once nothing of it runs
    /// any more. Each time `interrupted` is over, what is left is killed.
    pub(super) async fn close(mut self, mut interrupted: impl AsyncFnMut()) -> io::Result<()> {
        loop {
            // A full queue has orders to stop in it already.
            let _ = self.orders.try_send(ExperimentCommand::Close);
            let ended = async { while self.news.changed().await.is_ok() {} };
            tokio::select! {
                () = ended => break,
                () = interrupted() => {}
            }
        }
        let joined = self.thread.join();
        joined.map_err(|_panicked| io::Error::other("the thread of the experiments panicked"))
    }
}

/// Whether a sweep under way is written down, to be gone on with later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    Sweeps,
    Nothing,
}

impl Keeping {
    /// Where nothing is to be written down between sessions, no sweep is either.
    pub(super) fn of(notebook: Option<&Notebook>) -> Self {
        notebook.map_or(Self::Nothing, |_| Self::Sweeps)
    }
}

/// Where a sweep of the plan ended before its time, that is the first experiment.
fn unfinished_before(
    plan: &Plan,
    catalogue: &Catalogue,
    conditions: &Conditions,
) -> ExperimentStatus {
    let mut news = ExperimentStatus::of(plan);
    let request = sweep::Request::usual(plan, session::usable_cores(), SEED);
    let name = SweepName::of(plan, &request, conditions, catalogue);
    let runs = KeptSweep::unfinished(&name);
    if !runs.is_empty() {
        let stopped = Experiment::stopped(Arc::clone(&news.plan), request, runs);
        news.experiment = Some(Arc::new(stopped));
        news.number = 1;
    }
    news
}

/// Does what is ordered until the laboratory is closed.
fn work(bench: &mut LiveBench<Spectator>, keeping: Keeping) {
    while let Some(order) = bench.overseer.next() {
        let ExperimentCommand::Begin(plan, asked) = order else {
            continue;
        };
        bench.interrupted = None;
        let tells = bench.overseer.tells.clone();
        let mut kept = match (&asked, keeping) {
            (Asked::Sweep(request, runs), Keeping::Sweeps) => {
                let name = bench.name_of_sweep(&plan, request);
                KeptSweep::begin(&name, runs).unwrap_or_else(|error| {
                    cannot_go_on(&tells, &error);
                    KeptSweep::nowhere()
                })
            }
            _ => KeptSweep::nowhere(),
        };
        tells.send_modify(|news| {
            news.number += 1;
            news.experiment = None;
        });
        let mut is_done = false;
        let mut hear = |experiment: &Experiment| {
            is_done = !experiment.is_under_way() && experiment.finding.halt().is_none();
            let experiment = Some(Arc::new(experiment.clone()));
            tells.send_modify(|news| news.experiment = experiment);
        };
        let mut keep = |run: &sweep::Run| {
            let kept = kept.add(run);
            kept.unwrap_or_else(|error| cannot_go_on(&tells, &error));
        };
        lab::conduct(&plan, asked, bench, &mut hear, &mut keep);
        if is_done {
            kept.forget();
        }
    }
}

fn cannot_go_on(tells: &watch::Sender<ExperimentStatus>, error: &io::Error) {
    let text = format!("this sweep cannot be gone on with later: {error}");
    notify(tells, &text);
}

/// Tells something that is no reason to stop.
fn notify(tells: &watch::Sender<ExperimentStatus>, text: &str) {
    tells.send_modify(|news| {
        let number = news.notice.as_ref().map_or(0, |(number, _)| *number);
        news.notice = Some((number + 1, text.into()));
    });
}

/// Passes on to the dashboard what happens, and hears its orders meanwhile.
struct Spectator {
    orders: mpsc::Receiver<ExperimentCommand>,
    tells: watch::Sender<ExperimentStatus>,
    under_way: UnderWay,
    is_closing: bool,
}

impl Spectator {
    /// The next order; `None` once the laboratory is to be closed.
    fn next(&mut self) -> Option<ExperimentCommand> {
        if self.is_closing {
            return None;
        }
        self.orders
            .blocking_recv()
            .filter(|order| *order != ExperimentCommand::Close)
    }

    /// Passes on how busy a run is, if that was read anew.
    fn tell_load(&self, run: &Snapshot) {
        self.tells.send_if_modified(|news| {
            let is_new = !Arc::ptr_eq(&news.load, &run.load_samples);
            news.load = Arc::clone(&run.load_samples);
            is_new
        });
    }

    /// Waits for an order to stop.
    async fn stop_ordered(&mut self) {
        loop {
            match self.orders.recv().await {
                Some(ExperimentCommand::Stop) => return,
                Some(ExperimentCommand::Begin(..)) => {}
                // Nobody is left to give orders.
                None if self.is_closing => std::future::pending().await,
                Some(ExperimentCommand::Close) | None => {
                    self.is_closing = true;
                    return;
                }
            }
        }
    }
}

impl Overseer for Spectator {
    async fn follow(
        &mut self,
        start: impl FnOnce() -> Engine,
    ) -> Result<(Arc<Snapshot>, Option<Exit>), SessionError> {
        let mut engine = self.under_way.start(start).await;
        let handle = engine.handle();
        let mut snapshots = handle.snapshots();
        self.tell_load(&snapshots.borrow_and_update());
        let mut stopped = None;
        let last = loop {
            tokio::select! {
                Ok(()) = snapshots.changed() => self.tell_load(&snapshots.borrow_and_update()),
                last = engine.ended() => break last.map_err(SessionError::EngineDied)?,
                () = self.stop_ordered() => {
                    stop(&handle, stopped.is_some());
                    stopped = Some(Exit::Interrupted);
                }
            }
        };
        self.under_way.end().await;
        lab::balance(&last)?;
        Ok((last, stopped))
    }

    fn show(&mut self, _progress: &Progress) {
        // The experiment itself tells the dashboard.
    }

    fn complain(&mut self, text: &str) {
        notify(&self.tells, text);
    }
}

/// The first order stops everything by the ladder, a second one kills.
fn stop(handle: &EngineHandle, is_second: bool) {
    let command = if is_second {
        Command::KillAll
    } else {
        Command::Shutdown
    };
    // A queue that is full has commands in it that are done first; the order
    // can be given again.
    let _ = handle.send(command);
}
