//! `--record`: every input of the scheduler and the effects it ordered, as
//! lines of JSON in a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::sched::DecisionRecord;

/// Number of decisions that may wait to be written.
const QUEUE: usize = 1024;

/// A file of decisions that is being written.
pub(super) struct DecisionLog {
    written: JoinHandle<io::Result<()>>,
}

impl DecisionLog {
    /// Makes the file, and returns where to send what is to be written.
    pub(super) fn begin(
        path: &Path,
        runtime: &Runtime,
    ) -> io::Result<(Self, mpsc::Sender<DecisionRecord>)> {
        let file = BufWriter::new(File::create(path)?);
        let (sender, decisions) = mpsc::channel(QUEUE);
        let written = runtime.spawn_blocking(move || write(decisions, file));
        Ok((Self { written }, sender))
    }

    /// Waits until everything is written; the sender must be gone.
    pub(super) fn end(self, runtime: &Runtime) -> io::Result<()> {
        runtime
            .block_on(self.written)
            .unwrap_or_else(|panic| Err(io::Error::other(panic)))
    }
}

/// Writes until the sender is gone. After an error the rest is received and
/// dropped, so that the run is not held up.
fn write(
    mut decisions: mpsc::Receiver<DecisionRecord>,
    mut file: BufWriter<File>,
) -> io::Result<()> {
    let mut result = Ok(());
    while let Some(decision) = decisions.blocking_recv() {
        if result.is_ok() {
            result = serde_json::to_writer(&mut file, &decision)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(file));
        }
    }
    result.and_then(|()| file.flush())
}
