//! What calls of each tool were seen to need, a small file a tool.

use super::{Notebook, NotebookError, fingerprint};
use crate::model::{LearnedNeed, Tool};

/// Tools whose needs are kept; the oldest go first.
const MOST_TOOLS: usize = 512;

impl Notebook {
    /// What calls of these tools were seen to need in earlier runs. A file that
    /// cannot be used says nothing, and the others all the same.
    pub fn needs<'t>(
        &self,
        tools: impl Iterator<Item = &'t Tool>,
    ) -> (Vec<LearnedNeed>, Vec<NotebookError>) {
        let (mut needs, mut errors) = (Vec::new(), Vec::new());
        for tool in tools {
            match self.need(tool) {
                Ok(need) => needs.extend(need),
                Err(error) => errors.push(error),
            }
        }
        (needs, errors)
    }

    fn need(&self, tool: &Tool) -> Result<Option<LearnedNeed>, NotebookError> {
        let name = file_of(tool);
        let Some(text) = self.needs.read(&name)? else {
            return Ok(None);
        };
        let need = serde_json::from_str(&text);
        need.map_err(|source| self.needs.malformed(&name, source))
    }

    /// Keeps what calls of these tools were seen to need.
    ///
    /// # Errors
    ///
    /// The folder or a file cannot be written.
    pub fn keep_needs<'t>(
        &self,
        tools: impl Iterator<Item = &'t Tool>,
        needs: &[LearnedNeed],
    ) -> Result<(), NotebookError> {
        if needs.is_empty() {
            return Ok(());
        }
        for tool in tools {
            let Some(need) = needs.iter().find(|need| need.tool == tool.name) else {
                continue;
            };
            let name = file_of(tool);
            let text = serde_json::to_string(need);
            let text = text.map_err(|source| self.needs.malformed(&name, source))?;
            self.needs.write(&name, &text)?;
        }
        self.needs.prune(MOST_TOOLS)
    }
}

/// Tools are the same if they are called the same and do the same.
fn file_of(tool: &Tool) -> String {
    let action = format!("{:?}", tool.action);
    format!("{}.json", fingerprint(&[tool.name.as_str(), &action]))
}
