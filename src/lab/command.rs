//! The messages between whoever shows experiments and the thread that runs
//! them: commands one way, the latest status the other.

use std::sync::Arc;

use super::{Experiment, ExperimentRequest};
use crate::model::{Cap, History, LoadSample, Plan};

/// Number of commands that may wait in the queue to the thread.
pub const COMMAND_QUEUE: usize = 8;
/// A command to the thread that runs experiments.
#[derive(Debug, Clone, PartialEq)]
pub enum ExperimentCommand {
    /// Start an experiment with a plan.
    Begin(Arc<Plan>, ExperimentRequest),
    /// Go on at another cap, where a load in closed loop is under way.
    SetCap(Cap),
    /// Stop the experiment under way: by the stop ladder the first time, at
    /// once the second.
    Stop,
    /// Stop it, and take no more commands.
    Close,
}

/// The latest status of the thread that runs experiments.
#[derive(Debug, Clone)]
pub struct ExperimentStatus {
    /// The plan that was given on the command line; one without calls where
    /// none was.
    pub plan: Arc<Plan>,
    /// The latest experiment and its findings so far.
    pub experiment: Option<Arc<Experiment>>,
    /// Number of the latest experiment, from 1; 0 before the first.
    pub number: u64,
    /// Load of the experiment's run under way, or of its last one.
    pub load: Arc<History<LoadSample>>,
    /// A warning to show, with a number that grows by one for each. Untrusted
    /// text.
    pub notice: Option<(u64, Arc<str>)>,
}

impl ExperimentStatus {
    /// Returns the status before the first experiment.
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
