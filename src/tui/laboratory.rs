//! Where experiments are done, as the dashboard knows it: somebody who takes
//! orders and tells how far the experiment is.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::Deps;
use super::export::export;
use super::reading::Listening;
use super::state::Level;
use super::update::Msg;
use crate::lab::{Asked, Experiment};
use crate::model::{History, LoadSample, Plan};

/// Orders that may wait to be heard.
pub const ORDERS: usize = 8;
/// Seed of the order of the caps, the same as the commands' by default.
pub const SEED: u64 = 1;

/// What is ordered of the laboratory.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// To do an experiment with a plan.
    Begin(Arc<Plan>, Asked),
    /// To stop the one under way: softly the first time, at once the second.
    Stop,
    /// To stop it, and to take no more orders.
    Close,
}

/// What the laboratory tells.
#[derive(Debug, Clone)]
pub struct News {
    /// The plan that was given; one without calls where none was.
    pub plan: Arc<Plan>,
    /// The latest experiment, as far as it is.
    pub experiment: Option<Arc<Experiment>>,
    /// Which one that is, from 1; 0 before the first.
    pub number: u64,
    /// How busy its run under way is, or its last one was.
    pub load: Arc<History<LoadSample>>,
    /// Something that the user should know of, with a number that grows.
    /// Untrusted text.
    pub notice: Option<(u64, Arc<str>)>,
}

impl News {
    /// Nothing has happened with a plan yet.
    pub fn of(plan: &Plan) -> Self {
        Self {
            plan: Arc::new(plan.clone()),
            experiment: None,
            number: 0,
            load: Arc::new(History::new(1)),
            notice: None,
        }
    }
}

/// Where experiments are done.
#[derive(Debug, Clone)]
pub struct Laboratory {
    /// Takes orders.
    pub orders: mpsc::Sender<Order>,
    /// The latest of what it tells; marked as changed at first, so that the
    /// dashboard hears of the plan.
    pub news: watch::Receiver<News>,
}

/// Passes an order on; what came of that.
pub(super) fn ordered(deps: &Deps, order: Order) -> Msg {
    match &deps.laboratory {
        Some(there) if there.orders.try_send(order).is_ok() => Msg::Ticked,
        _ => Msg::OrderRefused,
    }
}

/// Writes an experiment into files; what came of that.
pub(super) fn exported(experiment: &Experiment) -> Msg {
    match export(experiment) {
        Ok(base) => {
            let said = format!("written: {}.json, .csv and .svg", base.display());
            Msg::Said(Level::Info, said)
        }
        Err(error) => Msg::Said(Level::Warn, format!("not written: {error}")),
    }
}

/// Waits for a message, or for news of the laboratory, whichever is first.
pub(super) async fn either(
    message: impl Future<Output = Msg>,
    laboratory: &mut Option<Laboratory>,
    listening: &mut Listening,
) -> Msg {
    tokio::select! {
        message = message => message,
        news = told(laboratory) => Msg::Learned(news),
        // The next frame reads what was heard.
        () = listening.changed() => Msg::Ticked,
    }
}

/// Waits for news; for ever where there is no laboratory.
async fn told(laboratory: &mut Option<Laboratory>) -> News {
    if let Some(there) = laboratory {
        if there.news.changed().await.is_ok() {
            return there.news.borrow_and_update().clone();
        }
        *laboratory = None;
    }
    std::future::pending().await
}
