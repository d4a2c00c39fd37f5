//! The dashboard's laboratory: a thread of its own on which experiments run,
//! one after another, while the dashboard looks on.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};

use super::exit::Exit;
use super::experiment::{Conditions, LiveBench, Overseer};
use super::session::SessionError;
use super::suspension::UnderWay;
use crate::catalogue::Catalogue;
use crate::engine::{Command, Engine, Handle};
use crate::lab::{self, Progress};
use crate::model::{Plan, Snapshot};
use crate::tui::laboratory::{Laboratory, News, ORDERS, Order};

/// The thread, and the way to it.
pub(super) struct Workshop {
    orders: mpsc::Sender<Order>,
    news: watch::Receiver<News>,
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
    ) -> Result<Self, SessionError> {
        let (orders, heard) = mpsc::channel(ORDERS);
        let (tells, news) = watch::channel(News::of(plan));
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
            .spawn(move || work(&mut bench))
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
    pub(super) fn laboratory(&self) -> Laboratory {
        let mut news = self.news.clone();
        news.mark_changed();
        Laboratory {
            orders: self.orders.clone(),
            news,
        }
    }

    /// Stops what is under way, and ends the thread once nothing of it runs
    /// any more. Each time `interrupted` is over, what is left is killed.
    pub(super) async fn close(mut self, mut interrupted: impl AsyncFnMut()) -> io::Result<()> {
        loop {
            // A full queue has orders to stop in it already.
            let _ = self.orders.try_send(Order::Close);
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

/// Does what is ordered until the laboratory is closed.
fn work(bench: &mut LiveBench<Spectator>) {
    while let Some(order) = bench.overseer.next() {
        let Order::Begin(plan, asked) = order else {
            continue;
        };
        bench.interrupted = None;
        let tells = bench.overseer.tells.clone();
        lab::conduct(&plan, asked, bench, &mut |experiment| {
            let experiment = Some(Arc::new(experiment.clone()));
            tells.send_modify(|news| news.experiment = experiment);
        });
    }
}

/// Passes on to the dashboard what happens, and hears its orders meanwhile.
struct Spectator {
    orders: mpsc::Receiver<Order>,
    tells: watch::Sender<News>,
    under_way: UnderWay,
    is_closing: bool,
}

impl Spectator {
    /// The next order; `None` once the laboratory is to be closed.
    fn next(&mut self) -> Option<Order> {
        if self.is_closing {
            return None;
        }
        self.orders
            .blocking_recv()
            .filter(|order| *order != Order::Close)
    }

    /// Passes on how busy a run is, if that was read anew.
    fn tell_load(&self, run: &Snapshot) {
        self.tells.send_if_modified(|news| {
            let is_new = !Arc::ptr_eq(&news.load, &run.pulses);
            news.load = Arc::clone(&run.pulses);
            is_new
        });
    }

    /// Waits for an order to stop.
    async fn stop_ordered(&mut self) {
        loop {
            match self.orders.recv().await {
                Some(Order::Stop) => return,
                Some(Order::Begin(..) | Order::Export) => {}
                // Nobody is left to give orders.
                None if self.is_closing => std::future::pending().await,
                Some(Order::Close) | None => {
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
        self.tells.send_modify(|news| {
            let number = news.notice.as_ref().map_or(0, |(number, _)| *number);
            news.notice = Some((number + 1, text.into()));
        });
    }
}

/// The first order stops everything by the ladder, a second one kills.
fn stop(handle: &Handle, is_second: bool) {
    let command = if is_second {
        Command::KillAll
    } else {
        Command::Shutdown
    };
    // A queue that is full has commands in it that are done first; the order
    // can be given again.
    let _ = handle.send(command);
}
