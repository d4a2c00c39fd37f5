//! Ctrl-Z: the calls stand still before the program does, and go on after it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};

use tokio::sync::Mutex;

use super::guarded::GuardedTerminal;
use crate::engine::{Command, Engine, EngineHandle};
use crate::tui::Signal as EndSignal;
use crate::tui::terminal::{Lent, TerminalControl};

/// How long the calls may take to stand still before the program is suspended
/// regardless.
const PATIENCE: Duration = Duration::from_secs(1);

/// Has the calls stand still.
async fn hold(handle: &EngineHandle) {
    // An engine that takes no commands has nothing left to hold.
    if handle.send(Command::Suspend).is_ok() {
        let mut snapshots = handle.snapshots();
        let held = snapshots.wait_for(|snapshot| snapshot.is_suspended);
        // A suspension that is late is better than a key that does nothing.
        let _ = tokio::time::timeout(PATIENCE, held).await;
    }
}

/// Has the calls go on.
fn release(handle: &EngineHandle) {
    // The same holds here: an engine that has ended holds nothing.
    let _ = handle.send(Command::Continue);
}

/// Suspends a program without a dashboard; returns when it is continued.
pub(super) async fn suspend(handle: &EngineHandle) -> io::Result<()> {
    hold(handle).await;
    let own: Pid = getpid();
    let stopped = kill_process(own, Signal::STOP);
    release(handle);
    Ok(stopped?)
}

/// The run of an experiment that is under way, if one is. None starts while the
/// program is being suspended: its calls would go on without it.
#[derive(Debug, Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<Option<EngineHandle>>>);

impl UnderWay {
    /// Starts a run, once the program is not being suspended.
    pub(super) async fn start(&self, start: impl FnOnce() -> Engine) -> Engine {
        let mut under_way = self.0.lock().await;
        let engine = start();
        *under_way = Some(engine.handle());
        engine
    }

    /// The run has ended.
    pub(super) async fn end(&self) {
        *self.0.lock().await = None;
    }
}

/// The session of the dashboard's terminal, whose calls are suspended with it,
/// those of an experiment included.
pub(super) struct RunSession {
    terminal: GuardedTerminal,
    handle: EngineHandle,
    experiment: UnderWay,
}

impl RunSession {
    pub(super) fn new(
        terminal: GuardedTerminal,
        handle: EngineHandle,
        experiment: UnderWay,
    ) -> Self {
        Self {
            terminal,
            handle,
            experiment,
        }
    }
}

impl TerminalControl for RunSession {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.terminal.copy(text)
    }

    async fn lend(
        &mut self,
        program: std::process::Command,
        until: impl Future<Output = EndSignal>,
    ) -> io::Result<Lent> {
        // The calls run on: whoever reads their output waits for more of it.
        self.terminal.lend(program, until).await
    }

    async fn suspend(&mut self) -> io::Result<()> {
        let experiment = self.experiment.0.lock().await;
        let handles: Vec<&EngineHandle> = experiment.iter().chain([&self.handle]).collect();
        for handle in &handles {
            hold(handle).await;
        }
        let result = self.terminal.suspend().await;
        handles.into_iter().for_each(release);
        result
    }

    fn report_mouse(&mut self, is_wanted: bool) -> io::Result<()> {
        self.terminal.report_mouse(is_wanted)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn no_run_starts_while_the_program_is_being_suspended() {
        let under_way = UnderWay::default();
        let held = under_way.0.lock().await;
        let begun = under_way.start(|| panic!("it has started"));
        let mut begun = pin!(begun);
        let mut context = Context::from_waker(Waker::noop());
        assert!(begun.as_mut().poll(&mut context).is_pending());
        assert!(held.is_none());
    }
}
