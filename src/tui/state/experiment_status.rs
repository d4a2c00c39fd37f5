//! What the dashboard orders of the laboratory, and what it hears from there.

use std::sync::Arc;

use crate::lab::{Asked, Experiment};
use crate::model::{History, LoadSample, Plan};

/// Seed of the order of the caps, the same as the commands' by default.
pub const SEED: u64 = 1;

/// What is ordered of the laboratory.
#[derive(Debug, Clone, PartialEq)]
pub enum ExperimentCommand {
    /// To do an experiment with a plan.
    Begin(Arc<Plan>, Asked),
    /// To stop the one under way: softly the first time, at once the second.
    Stop,
    /// To stop it, and to take no more orders.
    Close,
}

/// What the laboratory tells.
#[derive(Debug, Clone)]
pub struct ExperimentStatus {
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

impl ExperimentStatus {
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
