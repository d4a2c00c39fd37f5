//! Following a run to its end, and the signals that end or suspend it.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Interval;

use super::diagnostics::complain;
use super::{SessionError, suspension};
use crate::engine::{Command, Engine, EngineHandle};
use crate::lab::{self, Observer};
use crate::model::{Cap, Snapshot};

/// Time between two looks whether standard output still has a reader.
const LOOK_PERIOD: Duration = Duration::from_millis(250);

/// Cause of a run's end before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// SIGINT, or a stop on the dashboard.
    Interrupted,
    /// SIGTERM or SIGHUP.
    Terminated,
    /// The reader of standard output, a pipe, has gone: nothing that the run
    /// still prints would be read.
    ReaderGone,
}

/// A request to end or suspend a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignalRequest {
    /// End it: by the stop ladder the first time, at once the second.
    End(Interruption),
    /// Suspend its calls and the program.
    Suspend,
    /// Go on at another cap, where it is a load.
    SetCap(Cap),
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
    /// Time of the next look at standard output; none once its reader has gone.
    looks: Option<Interval>,
}

impl Signals {
    /// Listens from now on, inside of the runtime that is entered. Standard
    /// output is watched, too: a run without a reader is ended.
    pub(crate) fn listen() -> Result<Self, SessionError> {
        let mut signals = Self::listen_only()?;
        signals.looks = Some(tokio::time::interval(LOOK_PERIOD));
        Ok(signals)
    }

    /// Listens to signals only.
    pub(crate) fn listen_only() -> Result<Self, SessionError> {
        let listen = |kind| signal(kind).map_err(SessionError::Signals);
        Ok(Self {
            interrupted: listen(SignalKind::interrupt())?,
            terminated: listen(SignalKind::terminate())?,
            hung_up: listen(SignalKind::hangup())?,
            suspended: listen(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            looks: None,
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
            () = reader_gone(&mut self.looks) => SignalRequest::End(Interruption::ReaderGone),
        }
    }
}

/// Waits until the reader of standard output has gone; for ever once that was
/// noticed, or where nobody looks.
async fn reader_gone(looks: &mut Option<Interval>) {
    while let Some(interval) = looks {
        interval.tick().await;
        if has_no_reader(rustix::stdio::stdout()) {
            *looks = None;
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Returns whether this is a pipe or a socket whose other end is closed.
fn has_no_reader(stream: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(stream, PollFlags::empty())];
    let now = Timespec::default();
    // What cannot be polled, such as a closed descriptor, is no pipe.
    let count = poll(&mut polled, Some(&now)).unwrap_or_default();
    let gone = PollFlags::ERR | PollFlags::HUP;
    count > 0 && polled[0].revents().intersects(gone)
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
                    if by == Interruption::ReaderGone {
                        observer.warned("nobody reads standard output any more; the run is stopped");
                    }
                    stop(&handle, interruption.is_some(), observer);
                    interruption.get_or_insert(by);
                }
                SignalRequest::Suspend => suspension::suspend(&handle)
                    .await
                    .map_err(SessionError::Suspend)?,
                SignalRequest::SetCap(_) => {}
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

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_reader_that_has_gone_is_noticed() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        assert!(!has_no_reader(writer.as_fd()));
        drop(reader);
        assert!(has_no_reader(writer.as_fd()));
        let file = tempfile::tempfile().expect("a file");
        assert!(!has_no_reader(file.as_fd()));
    }
}
