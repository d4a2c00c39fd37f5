//! `--record`: every input of the scheduler and what it ordered, as lines of
//! JSON, written beside the run.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::sched::DecisionRecord;

/// Steps that may wait to be written.
const STEPS: usize = 1024;

/// A tape that is being written.
pub(super) struct Tape {
    written: JoinHandle<io::Result<()>>,
}

impl Tape {
    /// Makes the file and begins to write what is sent.
    pub(super) fn begin(
        path: &Path,
        runtime: &Runtime,
    ) -> io::Result<(Self, mpsc::Sender<DecisionRecord>)> {
        let file = BufWriter::new(File::create(path)?);
        let (sender, steps) = mpsc::channel(STEPS);
        let written = runtime.spawn_blocking(move || write(steps, file));
        Ok((Self { written }, sender))
    }

    /// Waits until everything is written; the sender must be gone.
    pub(super) fn end(self, runtime: &Runtime) -> io::Result<()> {
        runtime
            .block_on(self.written)
            .unwrap_or_else(|panic| Err(io::Error::other(panic)))
    }
}

/// Writes until the sender is gone. After an error the rest is taken and
/// dropped, so that the run is not held up.
fn write(mut steps: mpsc::Receiver<DecisionRecord>, mut file: BufWriter<File>) -> io::Result<()> {
    let mut result = Ok(());
    while let Some(step) = steps.blocking_recv() {
        if result.is_ok() {
            result = serde_json::to_writer(&mut file, &step)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(file));
        }
    }
    result.and_then(|()| file.flush())
}
