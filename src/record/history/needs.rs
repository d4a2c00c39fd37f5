//! Measured needs of the calls of each tool, a small file a tool.

use super::folder::{self, HistoryError};
use super::{HistoryStore, JSON, fingerprint, is_fingerprinted};
use crate::model::{LearnedNeed, Tool};

/// Number of tools whose needs are kept; the oldest go first.
const MOST_TOOLS: usize = 512;

impl HistoryStore {
    /// Needs of these tools as measured in earlier runs. A file that cannot be
    /// used is an error of its own beside the others.
    pub fn needs<'t>(
        &self,
        tools: impl Iterator<Item = &'t Tool>,
    ) -> (Vec<LearnedNeed>, Vec<HistoryError>) {
        let (mut needs, mut errors) = (Vec::new(), Vec::new());
        let folder = match self.needs.find() {
            Ok(Some(folder)) => folder,
            Ok(None) => return (needs, errors),
            Err(error) => return (needs, vec![error.into()]),
        };
        for tool in tools {
            let parse = |text: &str| serde_json::from_str(text);
            match folder::read(&folder, &file_name(tool), parse) {
                Ok(need) => needs.extend(need),
                Err(error) => errors.push(error),
            }
        }
        (needs, errors)
    }

    /// Keeps the needs of these tools.
    ///
    /// # Errors
    ///
    /// The folder or a file cannot be written.
    pub fn keep_needs<'t>(
        &self,
        tools: impl Iterator<Item = &'t Tool>,
        needs: &[LearnedNeed],
    ) -> Result<(), HistoryError> {
        if needs.is_empty() {
            return Ok(());
        }
        let folder = self.needs.create()?;
        for tool in tools {
            if let Some(need) = needs.iter().find(|need| need.tool == tool.name) {
                folder::write(&folder, &file_name(tool), need)?;
            }
        }
        Ok(folder.prune(MOST_TOOLS, |name| is_fingerprinted(name, JSON))?)
    }
}

/// Tools are the same if they are called the same and do the same.
fn file_name(tool: &Tool) -> String {
    let action = format!("{:?}", tool.action);
    let print = fingerprint(&[tool.name.as_str(), &action]);
    format!("{print}{JSON}")
}
