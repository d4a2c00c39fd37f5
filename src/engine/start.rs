//! Starts a run, and waits for its end.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

use super::run::EngineLoop;
use super::setup::Setup;
use super::{Command, EngineHandle};
use crate::model::Snapshot;

/// Commands that may wait for the engine.
const COMMANDS: usize = 256;

/// A run that has begun.
pub struct Engine {
    handle: EngineHandle,
    ended: JoinHandle<Arc<Snapshot>>,
    started: Instant,
}

impl Engine {
    /// Returns the handle on it.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// Returns the moment at which its clock began.
    pub fn started(&self) -> Instant {
        self.started
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
    let handle = EngineHandle::new(command_sender, snapshots, run.catalogues.subscribe());
    let started = run.clock.started();
    let ended = tokio::spawn(run.run_loop(commands, snapshot_sender));
    Engine {
        handle,
        ended,
        started,
    }
}
