//! `--record`: every input of the scheduler and the effects it ordered, as
//! lines of JSON in a file.

use std::io::{self, Write};
use std::path::Path;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::output::{ExportError, ExportFile};
use crate::sched::DecisionRecord;

/// Number of decisions that may wait to be written.
const QUEUE: usize = 1024;

/// A file of decisions that is being written: whole once the run has ended, and
/// not there, or the one before, until then.
pub(super) struct DecisionLog {
    written: JoinHandle<Result<(), ExportError>>,
}

impl DecisionLog {
    /// Opens the place of the file, and returns where to send what is to be
    /// written.
    pub(super) fn begin(
        path: &Path,
        runtime: &Handle,
    ) -> Result<(Self, mpsc::Sender<DecisionRecord>), ExportError> {
        let file = ExportFile::open(path)?;
        let (sender, decisions) = mpsc::channel(QUEUE);
        let written = runtime.spawn_blocking(move || write(decisions, &file));
        Ok((Self { written }, sender))
    }

    /// Waits until everything is written; the sender must be gone.
    pub(super) fn end(self, runtime: &Handle) -> io::Result<()> {
        let written = runtime.block_on(self.written);
        written.map_err(io::Error::other)?.map_err(io::Error::other)
    }
}

/// Writes until the sender is gone. After an error the rest is received and
/// dropped, so that the run is not held up.
fn write(
    mut decisions: mpsc::Receiver<DecisionRecord>,
    file: &ExportFile,
) -> Result<(), ExportError> {
    let written = file.replace(|out| {
        while let Some(decision) = decisions.blocking_recv() {
            serde_json::to_writer(&mut *out, &decision)?;
            writeln!(out)?;
        }
        Ok(())
    });
    while decisions.blocking_recv().is_some() {}
    written
}
