//! The runs of a sweep under way, in a file, so that `--resume` can continue it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Folders;
use super::live_runner::Conditions;
use crate::catalogue::Catalogue;
use crate::lab::sweep::{SweepRequest, SweepRun};
use crate::model::{Plan, ToolName};
use crate::record::{self, Folder};

/// Number of files of stopped sweeps that are kept; the oldest go first.
const MAX_FILES: usize = 50;
/// Number of runs that are read back.
const MAX_RUNS: usize = 100_000;

/// Identity of a sweep: the calls, their tools, how they are run, the current
/// folder and the machine, but not the plan's name. It is a file's name.
#[derive(Debug, Clone)]
pub(crate) struct SweepName(String);

impl SweepName {
    pub(crate) fn of(
        plan: &Plan,
        request: &SweepRequest,
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
/// none, and the sweep cannot be resumed.
pub(crate) struct SavedSweep {
    place: Option<(PathBuf, File)>,
}

impl SavedSweep {
    /// Returns the runs of a sweep that ended before its time, if it did.
    pub(crate) fn unfinished(name: &SweepName) -> Vec<SweepRun> {
        let path = folder().map(|it| it.file(&name.0));
        path.map(|path| read(&path)).unwrap_or_default()
    }

    /// Makes the file for a sweep, with the runs that there are already.
    pub(crate) fn begin(name: &SweepName, runs: &[SweepRun]) -> io::Result<Self> {
        let Some(folder) = folder() else {
            return Ok(Self::none());
        };
        let made = folder.make().and_then(|()| folder.prune(MAX_FILES - 1));
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

    /// Returns a sweep without a file, which cannot be resumed.
    pub(crate) fn none() -> Self {
        Self { place: None }
    }

    /// Returns whether there is a file to resume from.
    pub(crate) fn is_there(&self) -> bool {
        self.place.is_some()
    }

    /// Adds a run. After an error no more is written.
    pub(crate) fn add(&mut self, run: &SweepRun) -> io::Result<()> {
        let Some((_, file)) = &mut self.place else {
            return Ok(());
        };
        let written = write(file, run);
        if written.is_err() {
            self.place = None;
        }
        written
    }

    /// Removes the file of a sweep that has gone to its end.
    pub(crate) fn remove(self) {
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

fn write(file: &mut File, run: &SweepRun) -> io::Result<()> {
    let line = serde_json::to_string(run)?;
    writeln!(file, "{line}")
}

/// Returns the runs of a file, up to a line that was cut short.
fn read(path: &Path) -> Vec<SweepRun> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let runs = text
        .lines()
        .map_while(|line| serde_json::from_str(line).ok());
    runs.take(MAX_RUNS).collect()
}
