//! State of earlier sessions that the dashboard loads at its start.

use serde_json::Value;

use crate::model::Tool;
use crate::record::{HistoryError, HistoryStore, LastArguments, PastRun};
use crate::tui::state::ChosenColumns;

/// State of earlier sessions; empty by default.
#[derive(Debug, Clone, Default)]
pub struct SavedSession {
    /// The last runs of the same plan, the latest first.
    pub runs: Vec<PastRun>,
    /// Last arguments of each tool.
    pub arguments: LastArguments,
    /// Names of the columns that were chosen for the table, if any were.
    pub columns: Option<Vec<String>>,
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

    /// Writes down which columns of the table were chosen, where anything is.
    pub(in crate::tui) fn keep_columns(&self, columns: &ChosenColumns) -> Result<(), HistoryError> {
        match &self.history {
            Some(history) => history.keep_columns(&columns.ids()),
            None => Ok(()),
        }
    }
}
