//! What the dashboard recalls of earlier sessions.

use serde_json::Value;

use crate::model::Tool;
use crate::record::{HistoryError, HistoryStore, LastArguments, PastRun};

/// What the dashboard recalls of earlier sessions; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct SavedSession {
    /// The last runs of the same plan, the latest first.
    pub runs: Vec<PastRun>,
    /// What tools were called with last.
    pub arguments: LastArguments,
    /// Whether the user is new here.
    pub is_first: bool,
    /// Where things are written down for later sessions, if anywhere.
    pub history: Option<HistoryStore>,
}

impl SavedSession {
    /// Writes down what a tool is called with, where anything is.
    pub(in crate::tui) fn keep_arguments(
        &self,
        tool: &Tool,
        args: Value,
    ) -> Result<(), HistoryError> {
        match &self.history {
            Some(history) => history.keep_arguments(tool, args),
            None => Ok(()),
        }
    }
}
