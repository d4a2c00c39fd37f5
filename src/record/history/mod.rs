//! The history between sessions: the last runs of each plan, the needs that
//! were measured of each tool, the arguments that each was called with last,
//! and the columns that were chosen for the table.
//!
//! It owns one private folder of small files and nothing in memory. It must
//! not know where that folder is, nor what its contents are used for.

mod arguments;
mod folder;
mod needs;
mod past_run;

use std::path::Path;
use std::sync::Arc;

pub use arguments::LastArguments;
use folder::HistoryFolder;
pub use folder::{HistoryError, fingerprint, is_fingerprinted};
use past_run::PastRuns;
pub use past_run::{PastAttempt, PastRun};

use crate::model::Call;

/// Number of plans whose last runs are kept; the oldest go first.
const MOST_PLANS: usize = 50;

/// Name of the file of the chosen columns.
const COLUMNS: &str = "columns.json";

/// End of the names of files.
const JSON: &str = ".json";

/// History between sessions, in files for their owner alone.
#[derive(Debug, Clone)]
pub struct HistoryStore {
    runs: HistoryFolder,
    needs: HistoryFolder,
    /// Folder of the files of which there is one for all tools and plans.
    whole: HistoryFolder,
}

impl HistoryStore {
    /// The history in a state folder, which is created when something is first
    /// written.
    pub fn at(state: &Path) -> Self {
        let folder = |name| HistoryFolder {
            state: state.to_owned(),
            name,
        };
        Self {
            runs: folder(Some("runs")),
            needs: folder(Some("needs")),
            whole: folder(None),
        }
    }

    /// Whether this is the first use of the program; the next one is not.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be written: each use would be the first.
    pub fn note_first_use(&self) -> Result<bool, HistoryError> {
        const FILE: &str = "welcomed";
        let folder = self.whole.create()?;
        let is_first = match folder.read(FILE, 0) {
            Err(error) if error.is_in_contents() => false,
            text => text?.is_none(),
        };
        if is_first {
            folder.write(FILE, "", 0)?;
        }
        Ok(is_first)
    }

    /// Names of the columns of the table that were chosen in an earlier session.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not what this version writes.
    pub fn columns(&self) -> Result<Option<Vec<String>>, HistoryError> {
        self.whole.read(COLUMNS, |text| serde_json::from_str(text))
    }

    /// Keeps the names of the columns of the table. A file that cannot be
    /// understood is set aside.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be written.
    pub fn keep_columns(&self, columns: &[String]) -> Result<(), HistoryError> {
        let parse = |text: &str| serde_json::from_str(text);
        self.whole
            .update(COLUMNS, parse, |_| columns.to_owned())
            .map(drop)
    }

    /// The last runs of the same calls at the same time scale, the latest first.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not what this version writes.
    pub fn past_runs(
        &self,
        calls: &[Arc<Call>],
        time_scale: f64,
    ) -> Result<Vec<PastRun>, HistoryError> {
        let name = file_name(calls, time_scale);
        let runs = self.runs.read(&name, PastRuns::read)?;
        Ok(runs.unwrap_or_default().runs)
    }

    /// Keeps a run of these calls at a time scale, and as many of those before
    /// it as there is room for. A file that cannot be understood is set aside.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be written.
    pub fn keep_run(
        &self,
        calls: &[Arc<Call>],
        time_scale: f64,
        run: &PastRun,
    ) -> Result<(), HistoryError> {
        let name = file_name(calls, time_scale);
        let add = |before: Option<PastRuns>| before.unwrap_or_default().with(run.clone());
        let folder = self.runs.update(&name, PastRuns::read, add)?;
        Ok(folder.prune(MOST_PLANS, |name| is_fingerprinted(name, JSON))?)
    }
}

/// Plans are the same if their calls are: not by what they are called, where
/// they stand or which cap they ask for. At another time scale they are others.
fn file_name(calls: &[Arc<Call>], time_scale: f64) -> String {
    let calls = serde_json::to_string(calls).unwrap_or_default();
    let print = fingerprint(&[&calls, &time_scale.to_string()]);
    format!("{print}{JSON}")
}

#[cfg(test)]
mod tests;
