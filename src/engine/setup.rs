//! What a run needs to begin, and the handle on a run that has begun.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

use super::launcher::RunSurroundings;
use super::run::EngineLoop;
use super::{Command, EngineHandle};
use crate::catalogue::Catalogue;
use crate::exec::Spawner;
use crate::model::{LearnedNeed, Plan, Policy, RunEvent, RunId, Snapshot};
use crate::output::Store;
use crate::probe::Probe;
use crate::sched::DecisionRecord;

/// Commands that may wait for the engine.
const COMMANDS: usize = 256;

/// Everything a run needs to begin.
pub struct Setup {
    /// Name of the run.
    pub run: RunId,
    /// What is run; may be empty where calls are added later.
    pub plan: Plan,
    /// How it is conducted.
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
    /// What calls of tools were seen to need in earlier runs.
    pub learned: Vec<LearnedNeed>,
    /// What every tool finds around it.
    pub surroundings: RunSurroundings,
    /// Who records the run.
    pub recorder: Option<Recorder>,
    /// Who keeps every input of the scheduler, so that the run can be replayed.
    pub tape: Option<mpsc::Sender<DecisionRecord>>,
}

/// When the engine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Once every call has ended.
    UntilEnded,
    /// Once it is asked to: calls may be added until then.
    UntilAsked,
}

/// Who records the run, and what of it.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// Takes the events; a full channel holds the run back.
    pub events: mpsc::Sender<RunEvent>,
    /// Which events are wanted.
    pub detail: EventDetail,
}

/// Which events a recorder wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventDetail {
    /// What happened to calls.
    Calls,
    /// Also their output and every reading.
    Everything,
}

/// A run that has begun.
pub struct Engine {
    handle: EngineHandle,
    ended: JoinHandle<Arc<Snapshot>>,
}

impl Engine {
    /// How the rest of the program talks to it.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// Waits until the run has ended; its last snapshot.
    pub async fn ended(&mut self) -> Result<Arc<Snapshot>, JoinError> {
        (&mut self.ended).await
    }
}

/// Begins a run. Must be called within a tokio runtime.
pub fn start(setup: Setup) -> Engine {
    let (command_sender, commands) = mpsc::channel::<Command>(COMMANDS);
    let mut run = EngineLoop::new(setup);
    let (snapshot_sender, snapshots) = watch::channel(run.first_snapshot());
    let handle = EngineHandle::new(command_sender, snapshots);
    let ended = tokio::spawn(run.run_loop(commands, snapshot_sender));
    Engine { handle, ended }
}
