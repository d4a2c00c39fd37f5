//! The runs of a sweep under way, in a file, so that it can be gone on with.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::config::Folders;
use super::experiment::Conditions;
use crate::catalogue::Catalogue;
use crate::lab::sweep::{Request, Run};
use crate::model::{Plan, ToolName};
use crate::record::{self, Folder};

/// Files of stopped sweeps that are kept; the oldest go first.
const MOST_FILES: usize = 50;
/// Runs that are read back.
const MOST_RUNS: usize = 100_000;

/// What makes two sweeps the same: the calls, what their tools do, how they are
/// run, from which folder and on which machine; not what the plan is called.
#[derive(Debug, Clone)]
pub(super) struct SweepName(String);

impl SweepName {
    pub(super) fn of(
        plan: &Plan,
        request: &Request,
        conditions: &Conditions,
        catalogue: &Catalogue,
    ) -> Self {
        let names: BTreeSet<&ToolName> = plan.calls.iter().map(|call| &call.tool).collect();
        let tools = names.into_iter().map(|name| catalogue.get(name));
        let tools: Vec<String> = tools.map(|tool| format!("{tool:?}")).collect();
        let calls = serde_json::to_string(&plan.calls).unwrap_or_default();
        let request = serde_json::to_string(request).unwrap_or_default();
        let folder = std::env::current_dir().unwrap_or_default();
        let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let key = record::fingerprint(&[
            &calls,
            &tools.concat(),
            &request,
            &format!("{conditions:?}"),
            &folder.to_string_lossy(),
            &machine,
        ]);
        Self(format!("{key}.jsonl"))
    }
}

/// The file of one sweep: a line for each run. Without a home folder there is
/// none, and a sweep cannot be gone on with.
pub(super) struct KeptSweep {
    place: Option<(PathBuf, File)>,
}

impl KeptSweep {
    /// The runs of a sweep that ended before its time; none of any other.
    pub(super) fn unfinished(name: &SweepName) -> Vec<Run> {
        let path = folder().map(|it| it.file(&name.0));
        path.map(|path| read(&path)).unwrap_or_default()
    }

    /// The file for a sweep, with the runs that there are already.
    pub(super) fn begin(name: &SweepName, runs: &[Run]) -> io::Result<Self> {
        let Some(folder) = folder() else {
            return Ok(Self::nowhere());
        };
        let made = folder.make().and_then(|()| folder.prune(MOST_FILES - 1));
        made.map_err(io::Error::other)?;
        let path = folder.file(&name.0);
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        runs.iter().try_for_each(|run| write(&mut file, run))?;
        Ok(Self {
            place: Some((path, file)),
        })
    }

    /// What cannot be gone on with.
    pub(super) fn nowhere() -> Self {
        Self { place: None }
    }

    /// Whether there is a file to go on from.
    pub(super) fn is_there(&self) -> bool {
        self.place.is_some()
    }

    /// Adds a run. After an error no more is written.
    pub(super) fn add(&mut self, run: &Run) -> io::Result<()> {
        let Some((_, file)) = &mut self.place else {
            return Ok(());
        };
        let written = write(file, run);
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
