//! Ctrl-Z: stops the calls before the program, and continues them after it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};

use tokio::sync::{Mutex, MutexGuard};

use crate::engine::{Command, Engine, EngineHandle};

/// Longest time that the calls may take to stop, or to go on, before the program
/// does so regardless.
const HOLD_TIMEOUT: Duration = Duration::from_secs(1);

/// Stops the calls of a run (SIGSTOP) until [`release`].
pub(crate) async fn hold(handle: &EngineHandle) {
    send_and_wait(handle, Command::Suspend, true).await;
}

/// Continues the calls of a run. Returns once that is known, so that the next
/// [`hold`] does not take the suspension that ends here for its own.
pub(crate) async fn release(handle: &EngineHandle) {
    send_and_wait(handle, Command::Continue, false).await;
}

async fn send_and_wait(handle: &EngineHandle, command: Command, is_suspended: bool) {
    // An engine that takes no commands has nothing left to hold.
    if handle.send(command).is_ok() {
        let mut snapshots = handle.snapshots();
        let done = snapshots.wait_for(|snapshot| snapshot.is_suspended == is_suspended);
        // A suspension that is late is better than a key that does nothing.
        let _ = tokio::time::timeout(HOLD_TIMEOUT, done).await;
    }
}

/// Suspends a program without a dashboard. Returns when it is continued.
pub(super) async fn suspend(handle: &EngineHandle) -> io::Result<()> {
    hold(handle).await;
    let own: Pid = getpid();
    let stopped = kill_process(own, Signal::STOP);
    release(handle).await;
    Ok(stopped?)
}

/// The run of an experiment that is under way, if one is. None starts while the
/// program is being suspended: its calls would go on without it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExperimentRun(Arc<Mutex<Option<EngineHandle>>>);

impl ExperimentRun {
    /// Starts a run, once the program is not being suspended.
    pub(super) async fn start(&self, start: impl FnOnce() -> Engine) -> Engine {
        let mut run = self.0.lock().await;
        let engine = start();
        *run = Some(engine.handle());
        engine
    }

    /// Forgets the run, which has ended.
    pub(super) async fn end(&self) {
        *self.0.lock().await = None;
    }

    /// Locks the run under way: until the guard is dropped, none starts.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, Option<EngineHandle>> {
        self.0.lock().await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn no_run_starts_while_the_program_is_being_suspended() {
        let run = ExperimentRun::default();
        let held = run.0.lock().await;
        let begun = run.start(|| panic!("it has started"));
        let mut begun = pin!(begun);
        let mut context = Context::from_waker(Waker::noop());
        assert!(begun.as_mut().poll(&mut context).is_pending());
        assert!(held.is_none());
    }
}
