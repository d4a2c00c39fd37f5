//! Where experiments are done, as the dashboard knows it: somebody who takes
//! orders and tells how far the experiment is.

use tokio::sync::{mpsc, watch};

use super::reading::ServerLogReader;
use crate::lab::{Experiment, ExperimentCommand, ExperimentStatus};
use crate::tui::export::experiment::export;
use crate::tui::state::ToastLevel;
use crate::tui::update::Msg;

/// Where experiments are done.
#[derive(Debug, Clone)]
pub struct ExperimentHandle {
    /// Takes orders.
    pub orders: mpsc::Sender<ExperimentCommand>,
    /// The latest of what it tells; marked as changed at first, so that the
    /// dashboard hears of the plan.
    pub news: watch::Receiver<ExperimentStatus>,
}

/// Passes an order on; what came of that.
pub(in crate::tui) fn ordered(handle: Option<&ExperimentHandle>, order: ExperimentCommand) -> Msg {
    match handle {
        Some(there) if there.orders.try_send(order).is_ok() => Msg::Ticked,
        _ => Msg::OrderRefused,
    }
}

/// Writes an experiment into files; what came of that.
pub(in crate::tui) fn exported(experiment: &Experiment) -> Msg {
    match export(experiment) {
        Ok(base) => {
            let said = format!("written: {}.json, .csv and .svg", base.display());
            Msg::Said(ToastLevel::Info, said)
        }
        Err(error) => Msg::Said(ToastLevel::Warn, format!("not written: {error}")),
    }
}

/// Waits for a message, or for news of the laboratory, whichever is first.
pub(in crate::tui) async fn either(
    message: impl Future<Output = Msg>,
    laboratory: &mut Option<ExperimentHandle>,
    listening: &mut ServerLogReader,
) -> Msg {
    tokio::select! {
        message = message => message,
        news = told(laboratory) => Msg::Learned(news),
        // The next frame reads what was heard.
        () = listening.changed() => Msg::Ticked,
    }
}

/// Waits for news; for ever where there is no laboratory.
async fn told(laboratory: &mut Option<ExperimentHandle>) -> ExperimentStatus {
    if let Some(there) = laboratory {
        if there.news.changed().await.is_ok() {
            return there.news.borrow_and_update().clone();
        }
        *laboratory = None;
    }
    std::future::pending().await
}
