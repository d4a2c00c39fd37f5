//! Everything a run needs to begin.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::agents::AgentFeed;
use super::event_recorder::Recorder;
use super::launcher::RunSurroundings;
use crate::catalogue::Catalogue;
use crate::exec::Spawner;
use crate::model::{LearnedNeed, LoadNews, Plan, Policy, RunId};
use crate::output::Store;
use crate::probe::Probe;
use crate::sched::DecisionRecord;

/// Everything a run needs to begin.
pub struct Setup {
    /// Name of the run.
    pub run: RunId,
    /// The calls; may be none where they are added later.
    pub plan: Plan,
    /// Cap, failure policy and order.
    pub policy: Policy,
    /// Seed of the random delays before retries.
    pub seed: u64,
    /// Factor on waits that the plan records or asks for.
    pub time_scale: f64,
    /// When the engine ends.
    pub lifetime: Lifetime,
    /// The tools.
    pub catalogue: Arc<Catalogue>,
    /// Cores that calls can use.
    pub cores: u32,
    /// Starts attempts.
    pub spawner: Arc<dyn Spawner>,
    /// Where output goes.
    pub store: Store,
    /// Reads the machine and the calls.
    pub probe: Probe,
    /// CPU and memory that calls of tools needed in earlier runs.
    pub learned: Vec<LearnedNeed>,
    /// Folders and environment of every tool.
    pub surroundings: RunSurroundings,
    /// Agents at work whose calls are shown; only dashboards attach to them.
    pub agents: Option<AgentFeed>,
    /// Takes the news of calls, where the run is a load.
    pub load: Option<LoadFeed>,
    /// Takes the run's events.
    pub recorder: Option<Recorder>,
    /// Takes every input and effect of the scheduler, so that the run can be
    /// replayed.
    pub tape: Option<mpsc::Sender<DecisionRecord>>,
}

/// Takes the news of a load's calls; must not wait.
pub type LoadFeed = Box<dyn Fn(LoadNews) + Send>;

/// When the engine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Once every call has ended.
    UntilEnded,
    /// Once it is asked to: calls may be added until then.
    UntilAsked,
}
