//! The runs of a sweep under way, in a file, so that it can be gone on with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::config::Folders;
use super::experiment::Conditions;
use crate::lab::sweep::{Request, Run};
use crate::model::Plan;
use crate::record::{self, Folder};

/// Files of stopped sweeps that are kept; the oldest go first.
const MOST_FILES: usize = 50;
/// Runs that are read back.
const MOST_RUNS: usize = 100_000;

/// The file of one sweep: a line for each run. Without a home folder there is
/// none, and a sweep cannot be gone on with.
pub(super) struct KeptSweep {
    place: Option<(PathBuf, File)>,
    runs: usize,
}

impl KeptSweep {
    /// The runs of this very sweep where it was stopped; none where it was not.
    pub(super) fn stopped(plan: &Plan, request: &Request, conditions: &Conditions) -> Vec<Run> {
        let folder = folder();
        let path = folder.map(|it| it.file(&name(plan, request, conditions)));
        path.map(|path| read(&path)).unwrap_or_default()
    }

    /// The file for this very sweep, with the runs that there are already.
    pub(super) fn begin(
        plan: &Plan,
        request: &Request,
        conditions: &Conditions,
        runs: &[Run],
    ) -> io::Result<Self> {
        let mut kept = Self::nowhere();
        let Some(folder) = folder() else {
            return Ok(kept);
        };
        let made = folder.make().and_then(|()| folder.prune(MOST_FILES - 1));
        made.map_err(io::Error::other)?;
        let path = folder.file(&name(plan, request, conditions));
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        kept.place = Some((path, file));
        kept.hear(runs)?;
        Ok(kept)
    }

    /// What cannot be gone on with.
    pub(super) fn nowhere() -> Self {
        Self {
            place: None,
            runs: 0,
        }
    }

    /// Whether there is a file to go on from.
    pub(super) fn is_there(&self) -> bool {
        self.place.is_some()
    }

    /// Adds the runs that are new among all of them. After an error no more is
    /// written.
    pub(super) fn hear(&mut self, all: &[Run]) -> io::Result<()> {
        let Some((_, file)) = &mut self.place else {
            return Ok(());
        };
        let new = all.get(self.runs..).unwrap_or_default();
        let written = new.iter().try_for_each(|run| write(file, run));
        self.runs = all.len();
        if written.is_err() {
            self.place = None;
        }
        written
    }

    /// Nothing is left to go on with.
    pub(super) fn forget(self) {
        if let Some((path, _)) = self.place {
            // A file that stays does no harm: it is pruned some time.
            let _ = fs::remove_file(path);
        }
    }
}

fn folder() -> Option<Folder> {
    let folders = Folders::find()?;
    Some(Folder::at(folders.state().join("sweeps")))
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
fn name(plan: &Plan, request: &Request, conditions: &Conditions) -> String {
    let calls = serde_json::to_string(&plan.calls).unwrap_or_default();
    let request = serde_json::to_string(request).unwrap_or_default();
    let key = record::fingerprint(&[&calls, &request, &format!("{conditions:?}")]);
    format!("{key}.jsonl")
}
