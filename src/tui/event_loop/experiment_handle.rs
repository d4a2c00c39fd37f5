//! The dashboard's end of the experiment thread: commands go out, its status
//! comes in.

use tokio::sync::{mpsc, watch};

use super::reading::ServerLogReader;
use crate::lab::{Experiment, ExperimentCommand, ExperimentStatus};
use crate::tui::export::experiment::export;
use crate::tui::state::ToastLevel;
use crate::tui::update::Msg;

/// Connection to the experiment thread.
#[derive(Debug, Clone)]
pub struct ExperimentHandle {
    /// Sends commands.
    pub orders: mpsc::Sender<ExperimentCommand>,
    /// The latest status; marked as changed at first, so that the dashboard gets
    /// the plan.
    pub news: watch::Receiver<ExperimentStatus>,
}

/// Sends a command. Returns the message that reports how that went.
pub(in crate::tui) fn send_command(
    handle: Option<&ExperimentHandle>,
    order: ExperimentCommand,
) -> Msg {
    match handle {
        Some(there) if there.orders.try_send(order).is_ok() => Msg::Ticked,
        _ => Msg::ExperimentRefused,
    }
}

/// Writes an experiment into files. Returns the message that reports how that
/// went.
pub(in crate::tui) fn export_results(experiment: &Experiment) -> Msg {
    match export(experiment) {
        Ok(base) => {
            let said = format!("written: {}.json, .csv and .svg", base.display());
            Msg::Notice(ToastLevel::Info, said)
        }
        Err(error) => Msg::Notice(ToastLevel::Warn, format!("not written: {error}")),
    }
}

/// Waits for a message, or for news of the experiments, whichever is first.
pub(in crate::tui) async fn next_message(
    message: impl Future<Output = Msg>,
    experiments: &mut Option<ExperimentHandle>,
    server_log: &mut ServerLogReader,
) -> Msg {
    tokio::select! {
        biased;
        message = message => message,
        news = status_changed(experiments) => Msg::ExperimentChanged(news),
        // The next frame reads the new messages.
        () = server_log.changed() => Msg::Ticked,
    }
}

/// Waits for news; for ever where there is no experiments.
async fn status_changed(experiments: &mut Option<ExperimentHandle>) -> ExperimentStatus {
    if let Some(there) = experiments {
        if there.news.changed().await.is_ok() {
            return there.news.borrow_and_update().clone();
        }
        *experiments = None;
    }
    std::future::pending().await
}
