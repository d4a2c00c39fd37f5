//! The runs of a sweep under way, in a file, so that `--resume` can continue it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::Folders;
use super::live_runner::Conditions;
use crate::catalogue::Catalogue;
use crate::lab::sweep::{SweepRequest, SweepRun};
use crate::model::{Plan, ToolName};
use crate::output::{PrivateFileError, PrivateFolder};
use crate::record;

/// Name of the folder in the state folder, and end of the names in it.
const FOLDER: &str = "sweeps";
const JSONL: &str = ".jsonl";

/// Length of a file, in bytes, that is read back.
const MOST_BYTES: u64 = 64 << 20;

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
        Self(format!("{key}{JSONL}"))
    }
}

/// The file of one sweep: a line for each run. Without a private state folder
/// there is none, and the sweep cannot be resumed.
pub(crate) struct SavedSweep {
    file: Option<OpenSweep>,
}

struct OpenSweep {
    folder: PrivateFolder,
    name: String,
    file: File,
}

impl SavedSweep {
    /// Returns the runs of a sweep that ended before its time, if it did.
    pub(crate) fn unfinished(name: &SweepName) -> Vec<SweepRun> {
        let text = Folders::find().and_then(|folders| {
            let state = PrivateFolder::find(&folders.state()).ok()??;
            let folder = state.find_folder(FOLDER).ok()??;
            folder.read(&name.0, MOST_BYTES).ok()?
        });
        parse(&text.unwrap_or_default())
    }

    /// Writes the file of a sweep, with the runs that there are already; the
    /// file that was there stays until they are on the disk.
    pub(crate) fn begin(name: &SweepName, runs: &[SweepRun]) -> io::Result<Self> {
        let Some(folders) = Folders::find() else {
            return Ok(Self::none());
        };
        let opened = OpenSweep::create(&folders.state(), name, runs);
        let file = Some(opened.map_err(io::Error::other)?);
        Ok(Self { file })
    }

    /// Returns a sweep without a file, which cannot be resumed.
    pub(crate) fn none() -> Self {
        Self { file: None }
    }

    /// Returns whether there is a file to resume from.
    pub(crate) fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// Adds a run. After an error no more is written.
    pub(crate) fn add(&mut self, run: &SweepRun) -> io::Result<()> {
        let Some(open) = &self.file else {
            return Ok(());
        };
        let written = write(&open.file, run);
        if written.is_err() {
            self.file = None;
        }
        written
    }

    /// Removes the file of a sweep that has gone to its end.
    pub(crate) fn remove(self) {
        if let Some(open) = self.file {
            // A file that stays does no harm: it is pruned some time.
            let _stays = open.folder.remove(&open.name);
        }
    }
}

impl OpenSweep {
    fn create(state: &Path, name: &SweepName, runs: &[SweepRun]) -> Result<Self, PrivateFileError> {
        let folder = PrivateFolder::create(state)?.create_folder(FOLDER)?;
        let write_all = |file: &File| runs.iter().try_for_each(|run| write(file, run));
        let file = folder.write_with(&name.0, write_all)?;
        folder.prune(MAX_FILES, |name| record::is_fingerprinted(name, JSONL))?;
        let name = name.0.clone();
        Ok(Self { folder, name, file })
    }
}

fn write(mut file: &File, run: &SweepRun) -> io::Result<()> {
    let line = serde_json::to_string(run)? + "\n";
    file.write_all(line.as_bytes())
}

/// Returns the runs of a file, up to a line that was cut short.
fn parse(text: &str) -> Vec<SweepRun> {
    let runs = text
        .lines()
        .map_while(|line| serde_json::from_str(line).ok());
    runs.take(MAX_RUNS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resuming_leaves_the_file_whole_until_the_new_one_is() {
        let home = tempfile::tempdir().expect("a folder");
        let name = SweepName(format!("{:020x}{JSONL}", 1));
        let begun = OpenSweep::create(home.path(), &name, &[]).expect("written");
        let path = home.path().join(FOLDER).join(&name.0);
        std::io::Write::write_all(&mut &begun.file, b"a run\n").expect("written");
        let state = PrivateFolder::create(home.path()).expect("the folder");
        let folder = state.create_folder(FOLDER).expect("the folder");
        let failed = folder.write_with(&name.0, |_| Err(io::ErrorKind::StorageFull.into()));
        failed.expect_err("no room");
        assert_eq!(fs::read_to_string(&path).expect("there"), "a run\n");
        OpenSweep::create(home.path(), &name, &[]).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "");
    }
}
