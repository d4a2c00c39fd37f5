//! Runs the calls of a load in an engine.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::signals::{Interruption, SignalRequest, StopRequests};
use super::suspension;
use crate::catalogue::Catalogue;
use crate::engine::{Command, Engine, EngineHandle, LoadFeed};
use crate::lab::load::{LoadEvent, LoadTarget, ToolUsage};
use crate::lab::{CallResult, ExperimentError};
use crate::model::{Call, CallRow, CallState, Cap, ServerName};
use crate::output::Store;

/// Events that may wait: two of each call that may run at once, and requests of
/// the user.
const EVENTS: usize = 2 * Cap::MAX as usize + 64;

/// Longest wait for a place in the engine's queue.
const PATIENCE: Duration = Duration::from_secs(10);

/// A run whose calls are those of a load.
pub(super) struct EngineTarget<'e> {
    pub(super) handle: EngineHandle,
    pub(super) started: Instant,
    pub(super) events: Receiver<LoadEvent>,
    /// The servers of its tools.
    pub(super) servers: Vec<ServerName>,
    pub(super) store: Store,
    pub(super) catalogue: &'e Catalogue,
}

/// Makes the way by which events come to a load.
pub(super) fn events() -> (SyncSender<LoadEvent>, Receiver<LoadEvent>) {
    sync_channel(EVENTS)
}

/// Makes the feed of a run's news into that way, which has room for all of them.
pub(super) fn feed(events: SyncSender<LoadEvent>) -> LoadFeed {
    Box::new(move |news| {
        // A load that has ended needs no news.
        let _ = events.try_send(LoadEvent::News(news));
    })
}

impl EngineTarget<'_> {
    fn send(&self, mut command: impl FnMut() -> Command) -> Result<(), ExperimentError> {
        let deadline = Instant::now() + PATIENCE;
        while self.handle.send(command()).is_err() {
            if Instant::now() > deadline {
                return Err(ExperimentError::RunFailed {
                    reason: "the engine takes no more calls".to_owned(),
                });
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl LoadTarget for EngineTarget<'_> {
    fn now(&self) -> Duration {
        let suspended = self.handle.latest().suspended_for;
        self.started.elapsed().saturating_sub(suspended)
    }

    fn set_cap(&mut self, cap: Cap) -> Result<(), ExperimentError> {
        self.send(|| Command::SetCap(cap))
    }

    fn queue(&mut self, calls: Vec<std::sync::Arc<Call>>) -> Result<(), ExperimentError> {
        self.send(|| Command::Load(calls.clone()))
    }

    fn next(&mut self, until: Option<Duration>) -> LoadEvent {
        let Some(until) = until else {
            return self.events.recv().unwrap_or(LoadEvent::Gone);
        };
        match self.events.recv_timeout(until.saturating_sub(self.now())) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => LoadEvent::Due,
            Err(RecvTimeoutError::Disconnected) => LoadEvent::Gone,
        }
    }

    fn stop_calls(&mut self) -> Result<(), ExperimentError> {
        self.send(|| Command::CancelAll)
    }

    fn usage(&self) -> ToolUsage {
        let run = self.handle.latest();
        let gauges = self.servers.iter();
        let gauges = gauges.filter_map(|name| run.server_gauges.get(name)?.latest());
        gauges.fold(ToolUsage::default(), |sum, sample| ToolUsage {
            cpu_ms: Some(sum.cpu_ms.unwrap_or(0) + sample.cpu_ms),
            memory_bytes: Some(sum.memory_bytes.unwrap_or(0) + sample.rss_bytes),
        })
    }

    fn result(&self, row: &CallRow) -> CallResult {
        let CallState::Ended(outcome) = row.state else {
            return CallResult::new(None, None, &row.call.comparison);
        };
        let tool = self.catalogue.get(&row.tool);
        let kind = tool.map(|tool| tool.output).unwrap_or_default();
        let output: Value = self.store.output_value(row.call.id, kind).value;
        CallResult::new(Some(outcome), Some(output), &row.call.comparison)
    }
}

/// Attends a run until it has ended: passes on what its user asks. Returns who
/// interrupted it.
pub(super) async fn attend(
    mut engine: Engine,
    requests: &mut impl StopRequests,
    events: SyncSender<LoadEvent>,
) -> Result<Option<Interruption>, super::SessionError> {
    let handle = engine.handle();
    let mut interruption = None;
    loop {
        tokio::select! {
            last = engine.ended() => {
                let _gone = events.try_send(LoadEvent::Gone);
                last.map_err(super::SessionError::EngineDied)?;
                return Ok(interruption);
            }
            request = requests.next() => match request {
                SignalRequest::End(by) => {
                    if interruption.replace(by).is_some() {
                        // One that has ended has nothing left to kill.
                        let _ = handle.send(Command::KillAll);
                    } else {
                        let _full = events.try_send(LoadEvent::StopAsked);
                    }
                }
                SignalRequest::Suspend => suspension::suspend(&handle)
                    .await
                    .map_err(super::SessionError::Suspend)?,
                SignalRequest::SetCap(cap) => {
                    let _full = events.try_send(LoadEvent::CapAsked(cap));
                }
            },
        }
    }
}
