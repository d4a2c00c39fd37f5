//! What is written down between sessions: the last runs of each plan, what
//! calls of each tool need, and what each was called with last.
//!
//! It owns one folder of small files and nothing in memory. It must not know
//! where that folder is, nor who wants what is in it.

mod arguments;
mod folder;
mod needs;
mod past_run;

use std::path::Path;

pub use arguments::LastArguments;
pub use folder::{Folder, NotebookError, fingerprint};
use past_run::PastRuns;
pub use past_run::{PastAttempt, PastRun};

use crate::model::Call;

/// Plans whose last runs are kept; the oldest go first.
const MOST_PLANS: usize = 50;

/// What is written down between sessions, in files for their owner alone.
#[derive(Debug, Clone)]
pub struct Notebook {
    runs: Folder,
    needs: Folder,
    /// What is one file for all tools and plans.
    whole: Folder,
}

impl Notebook {
    /// The notebook in a folder, which is made when something is first written.
    pub fn at(folder: &Path) -> Self {
        Self {
            runs: Folder::at(folder.join("runs")),
            needs: Folder::at(folder.join("needs")),
            whole: Folder::at(folder.to_owned()),
        }
    }

    /// Whether nobody was welcomed here before; from now on somebody was.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written: then nobody can be welcomed once.
    pub fn welcome(&self) -> Result<bool, NotebookError> {
        const FILE: &str = "welcomed";
        let is_first = self.whole.read(FILE)?.is_none();
        if is_first {
            self.whole.write(FILE, "")?;
        }
        Ok(is_first)
    }

    /// The last runs of the same calls at the same time scale, the latest first.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not what this version writes.
    pub fn previous(&self, calls: &[Call], time_scale: f64) -> Result<Vec<PastRun>, NotebookError> {
        let name = file_of(calls, time_scale);
        let Some(text) = self.runs.read(&name)? else {
            return Ok(Vec::new());
        };
        let read = PastRuns::read(&text);
        Ok(read
            .map_err(|source| self.runs.malformed(&name, source))?
            .runs)
    }

    /// Keeps a run of these calls at a time scale, and as many of those before
    /// it as there is room for. What cannot be read is written anew.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be written.
    pub fn keep(
        &self,
        calls: &[Call],
        time_scale: f64,
        run: &PastRun,
    ) -> Result<(), NotebookError> {
        let name = file_of(calls, time_scale);
        let before = self.runs.read(&name)?;
        let before = before.and_then(|text| PastRuns::read(&text).ok());
        let runs = before.unwrap_or_default().with(run.clone());
        let text = serde_json::to_string(&runs);
        let text = text.map_err(|source| self.runs.malformed(&name, source))?;
        self.runs.write(&name, &text)?;
        self.runs.prune(MOST_PLANS)
    }
}

/// Plans are the same if their calls are: not by what they are called, where
/// they stand or which cap they ask for. At another time scale they are others.
fn file_of(calls: &[Call], time_scale: f64) -> String {
    let calls = serde_json::to_string(calls).unwrap_or_default();
    format!("{}.json", fingerprint(&[&calls, &time_scale.to_string()]))
}

#[cfg(test)]
mod tests;
