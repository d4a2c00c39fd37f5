//! The runs of a sweep under way, in a file, so that it can be gone on with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::config::Folders;
use crate::cli::exit;
use crate::cli::experiment::Conditions;
use crate::lab::sweep::{Request, Run};
use crate::model::Plan;
use crate::record::{self, Folder};

/// Files of stopped sweeps that are kept; the oldest go first.
const MOST_FILES: usize = 50;
/// Runs that are read back.
const MOST_RUNS: usize = 100_000;

/// The file of one sweep: a line for each run. Without a home folder there is
/// none, and a sweep cannot be gone on with.
pub(super) struct Kept {
    path: Option<PathBuf>,
    file: Option<File>,
}

impl Kept {
    /// The file for this very sweep; with `resume` the runs in it, else it
    /// begins empty.
    pub(super) fn open(
        plan: &Plan,
        request: &Request,
        conditions: &Conditions,
        resume: bool,
    ) -> (Self, Vec<Run>) {
        let none = Self {
            path: None,
            file: None,
        };
        let Some(folders) = Folders::find() else {
            return (none, Vec::new());
        };
        let folder = Folder::at(folders.state().join("sweeps"));
        let path = folder.file(&format!("{}.jsonl", key(plan, request, conditions)));
        let runs = if resume { read(&path) } else { Vec::new() };
        let made = folder.make().and_then(|()| folder.prune(MOST_FILES - 1));
        let opened = made.map_err(io::Error::other).and_then(|()| {
            let mut file = OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(true)
                .mode(0o600)
                .open(&path)?;
            runs.iter().try_for_each(|run| write(&mut file, run))?;
            Ok(file)
        });
        match opened {
            Ok(file) => {
                let kept = Self {
                    path: Some(path),
                    file: Some(file),
                };
                (kept, runs)
            }
            Err(error) => {
                exit::complain(&format!("this sweep cannot be gone on with: {error}"));
                (none, runs)
            }
        }
    }

    /// Whether there is a file to go on from.
    pub(super) fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// Adds a run.
    pub(super) fn add(&mut self, run: &Run) {
        if let Some(file) = &mut self.file
            && let Err(error) = write(file, run)
        {
            exit::complain(&format!("this sweep cannot be gone on with: {error}"));
            self.file = None;
        }
    }

    /// Nothing is left to go on with.
    pub(super) fn forget(self) {
        if let Some(path) = self.path {
            // A file that stays does no harm: it is pruned some time.
            let _ = fs::remove_file(path);
        }
    }
}

fn write(file: &mut File, run: &Run) -> io::Result<()> {
    let line = serde_json::to_string(run)?;
    writeln!(file, "{line}")
}

/// The runs of a file; a line that was cut short ends them.
fn read(path: &Path) -> Vec<Run> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let runs = text
        .lines()
        .map_while(|line| serde_json::from_str(line).ok());
    runs.take(MOST_RUNS).collect()
}

/// What makes two sweeps the same: the calls and how they are run, not what
/// the plan is called nor where it stands.
fn key(plan: &Plan, request: &Request, conditions: &Conditions) -> String {
    let calls = serde_json::to_string(&plan.calls).unwrap_or_default();
    let request = serde_json::to_string(request).unwrap_or_default();
    record::fingerprint(&[&calls, &request, &format!("{conditions:?}")])
}
