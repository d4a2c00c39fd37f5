//! The dashboard's terminal with its calls: Ctrl-Z suspends both.

use std::io;

use super::guarded::GuardedTerminal;
use crate::app::{ExperimentRun, hold, release};
use crate::engine::EngineHandle;
use crate::tui::Signal;
use crate::tui::terminal::{Lent, TerminalControl};

/// The dashboard's terminal, whose calls are suspended with it, those of an
/// experiment included.
pub(super) struct SuspendableTerminal {
    terminal: GuardedTerminal,
    handle: EngineHandle,
    experiment: ExperimentRun,
}

impl SuspendableTerminal {
    pub(super) fn new(
        terminal: GuardedTerminal,
        handle: EngineHandle,
        experiment: ExperimentRun,
    ) -> Self {
        Self {
            terminal,
            handle,
            experiment,
        }
    }
}

impl TerminalControl for SuspendableTerminal {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.terminal.copy(text)
    }

    async fn lend(
        &mut self,
        program: std::process::Command,
        until: impl Future<Output = Signal>,
    ) -> io::Result<Lent> {
        // The calls run on: whoever reads their output waits for more of it.
        self.terminal.lend(program, until).await
    }

    async fn suspend(&mut self) -> io::Result<()> {
        let experiment = self.experiment.lock().await;
        let handles: Vec<&EngineHandle> = experiment.iter().chain([&self.handle]).collect();
        for handle in &handles {
            hold(handle).await;
        }
        let result = self.terminal.suspend().await;
        for handle in handles {
            release(handle).await;
        }
        result
    }

    fn report_mouse(&mut self, is_wanted: bool) -> io::Result<()> {
        self.terminal.report_mouse(is_wanted)
    }
}
