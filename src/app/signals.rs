//! Following a run to its end, and the signals that end or suspend it.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::diagnostics::complain;
use super::{SessionError, suspension};
use crate::engine::{Command, Engine, EngineHandle};
use crate::lab::{self, Observer};
use crate::model::Snapshot;

/// Cause of a run's end before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// SIGINT, or a stop on the dashboard.
    Interrupted,
    /// SIGTERM or SIGHUP.
    Terminated,
}

/// A request to end or suspend a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignalRequest {
    /// End it: by the stop ladder the first time, at once the second.
    End(Interruption),
    /// Suspend its calls and the program.
    Suspend,
}

/// A source of requests to end or suspend a run.
pub(crate) trait StopRequests {
    /// Waits for the next request.
    async fn next(&mut self) -> SignalRequest;
}

/// The signals that end or suspend a run.
pub(crate) struct Signals {
    interrupted: Signal,
    terminated: Signal,
    hung_up: Signal,
    suspended: Signal,
}

impl Signals {
    /// Listens from now on, inside of the runtime that is entered.
    pub(crate) fn listen() -> Result<Self, SessionError> {
        let listen = |kind| signal(kind).map_err(SessionError::Signals);
        Ok(Self {
            interrupted: listen(SignalKind::interrupt())?,
            terminated: listen(SignalKind::terminate())?,
            hung_up: listen(SignalKind::hangup())?,
            suspended: listen(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
        })
    }
}

impl StopRequests for Signals {
    async fn next(&mut self) -> SignalRequest {
        tokio::select! {
            _ = self.interrupted.recv() => SignalRequest::End(Interruption::Interrupted),
            _ = self.terminated.recv() => SignalRequest::End(Interruption::Terminated),
            _ = self.hung_up.recv() => SignalRequest::End(Interruption::Terminated),
            _ = self.suspended.recv() => SignalRequest::Suspend,
        }
    }
}

/// The end of a run.
#[derive(Debug)]
pub(crate) struct RunEnd {
    /// The last snapshot.
    pub(crate) last: Arc<Snapshot>,
    /// Cause of its end, unless it went to its end by itself.
    pub(crate) interruption: Option<Interruption>,
}

/// Waits for the end of a run; requests stop or suspend it. The observer gets
/// the snapshots that it is in time for.
pub(crate) async fn follow(
    mut engine: Engine,
    requests: &mut impl StopRequests,
    observer: &mut dyn Observer,
) -> Result<RunEnd, SessionError> {
    let handle = engine.handle();
    let mut snapshots = handle.snapshots();
    observer.run_changed(&snapshots.borrow_and_update());
    let mut interruption = None;
    let last = loop {
        tokio::select! {
            Ok(()) = snapshots.changed() => observer.run_changed(&snapshots.borrow_and_update()),
            last = engine.ended() => break last.map_err(SessionError::EngineDied)?,
            request = requests.next() => match request {
                SignalRequest::End(by) => {
                    stop(&handle, interruption.is_some(), observer);
                    interruption.get_or_insert(by);
                }
                SignalRequest::Suspend => suspension::suspend(&handle)
                    .await
                    .map_err(SessionError::Suspend)?,
            },
        }
    };
    audit(&last, observer)?;
    Ok(RunEnd { last, interruption })
}

/// Stops a run by the ladder the first time, and kills it the second.
fn stop(handle: &EngineHandle, is_second: bool, observer: &mut dyn Observer) {
    let command = if is_second {
        Command::KillAll
    } else {
        Command::Shutdown
    };
    if handle.send(command).is_err() {
        observer.warned("the stop could not be passed on; try again");
    }
}

/// Checks the account of a run that has ended. A fault in it is an error in a
/// debug build, and a warning in a release.
pub(crate) fn audit(last: &Snapshot, observer: &mut dyn Observer) -> Result<(), SessionError> {
    match lab::balance(last) {
        Err(fault) if cfg!(debug_assertions) => Err(fault.into()),
        Err(fault) => {
            observer.warned(&fault.to_string());
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Passes warnings on to standard error, and nothing else.
pub(crate) struct WarningsOnly;

impl Observer for WarningsOnly {
    fn warned(&mut self, text: &str) {
        complain(text);
    }
}
